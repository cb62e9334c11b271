import { type Histogram, note } from "./histogram.ts";

/** A block of the thread is noted in full except for at most this time, in ms. */
const EVERY_MS = 100;

/** Notes ten times a second how late a timer comes, in ms. The runtime's own figure is wrong: after a block of 200 ms it tells 1 ms. */
export function watchEventLoop(): { readonly delays: Histogram } & Disposable {
  const delays: Histogram = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    note(delays, Math.max(0, now - last - EVERY_MS));
    last = now;
  }, EVERY_MS);
  return { delays, [Symbol.dispose]: () => clearInterval(timer) };
}
