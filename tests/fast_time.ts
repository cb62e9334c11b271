import { setImmediate } from "node:timers/promises";

/**
 * Runs a task in time of its own, in which nobody waits: once nothing is left to do, it is the moment of the next timer. For
 * what waits for timers alone; it holds for `setTimeout`, `Date.now` and `performance.now`.
 */
export async function inFastTime<T>(task: () => Promise<T>): Promise<T> {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const realNow = Date.now;
  const realPerformanceNow = performance.now;
  const timers = new Map<number, { at: number; run: () => void }>();
  let now = realNow();
  let timerId = 0;
  let isDone = false;
  const set = (run: () => void, ms = 0) => {
    timers.set(++timerId, { at: now + Math.max(0, ms), run });
    return timerId;
  };
  Date.now = performance.now = () => now;
  Object.assign(globalThis, { setTimeout: set, clearTimeout: (id: number) => timers.delete(id) });
  try {
    const running = task().finally(() => isDone = true);
    running.catch(() => {}); // the error is thrown where it is awaited below
    for (;;) {
      await setImmediate();
      if (isDone) return await running;
      const [next] = [...timers].sort(([, a], [, b]) => a.at - b.at);
      if (!next) continue;
      timers.delete(next[0]);
      now = Math.max(now, next[1].at);
      next[1].run();
    }
  } finally {
    Date.now = realNow;
    performance.now = realPerformanceNow;
    Object.assign(globalThis, real);
  }
}
