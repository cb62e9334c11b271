import { request } from "../../shared/exchange/request.ts";
import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import { describe, type Log } from "../../shared/log.ts";
import { sleep } from "../../shared/wait.ts";
import type { ExchangeClock } from "./session.ts";

/** The exchange's time, as it is known by asking. */
export interface AskedClock extends ExchangeClock {
  /** Asks again and again until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves once the time has been known, or the signal is aborted. */
  known(signal: AbortSignal): Promise<void>;
}

/**
 * How often it is asked, in ms: until it has answered, and once it has, at first and at last. Each pause is twice the one before, since
 * the first answer is often the slowest, so that the time is least certain as the first intervals begin.
 */
const EVERY_MS = { unknown: 2_000, first: 500, last: 60_000 };
const ANSWER_MS = 5_000;
/** How much faster or slower this machine's clock may run: a crystal's error is a tenth of it. */
const DRIFT = 5e-4;
/** Where the time of day has moved by so much more or less than `performance.now()`, the machine slept, or its clock was set. In ms. */
const ASLEEP_MS = 1_000;

/** The exchange's time at a moment of ours, and how uncertain it is; all in ms. */
interface Reading {
  readonly at: number;
  /** The same moment by the time of day. */
  readonly timeOfDay: number;
  readonly earliest: number;
  readonly latest: number;
}

/**
 * A clock that asks the exchange for its time. The answer was made between the request and the answer's arrival, so the time is known
 * to within that. A request costs one unit of request weight. Binance: "Check Server Time".
 * @param url the URL of that endpoint
 */
export function createExchangeClock(
  url: string,
  requestPause: RequestPause,
  log: Log,
): AskedClock {
  let reading: Reading | undefined;
  const isKnown = Promise.withResolvers<void>();
  const now = () => performance.now();

  // While a machine sleeps `performance.now()` stands still: a reading from before says nothing of the time after.
  const isCurrent = ({ at, timeOfDay }: Reading) =>
    // deno-lint-ignore bookline/elapsed -- only the time of day goes on while the machine sleeps
    Math.abs(Date.now() - timeOfDay - (now() - at)) < ASLEEP_MS;
  const current = () => reading && isCurrent(reading) ? reading : undefined;
  const earliest = () => {
    const known = current();
    return known ? Math.floor(known.earliest + (now() - known.at) * (1 - DRIFT)) : -Infinity;
  };
  const latest = () => {
    const known = current();
    return known ? Math.ceil(known.latest + (now() - known.at) * (1 + DRIFT)) : Infinity;
  };
  const uncertainty = ({ at, earliest, latest }: Reading) => latest - earliest + 2 * DRIFT * (now() - at);
  const ask = async (signal: AbortSignal) => {
    if (requestPause.leftFor(1) > 0) return;
    const [sentAt, sentOn] = [now(), Date.now()];
    const { status, text } = await request(url, requestPause, ANSWER_MS, signal);
    const at = now();
    const { serverTime } = JSON.parse(text) as { serverTime?: unknown };
    if (typeof serverTime !== "number") {
      throw new Error(`status ${status}, answer ${text.slice(0, 200)}`);
    }
    // The time is cut off to whole ms.
    const found = {
      // As if the machine had not slept since the request: if it has, nothing is known.
      ...{ at, timeOfDay: sentOn + at - sentAt },
      ...{ earliest: serverTime, latest: serverTime + 1 + at - sentAt },
    };
    const known = current();
    const contradicts = found.latest < earliest() || found.earliest > latest();
    if (!known || contradicts || uncertainty(found) < uncertainty(known)) reading = found;
    isKnown.resolve();
  };

  return {
    earliest,
    latest,
    async run(signal) {
      let pause = EVERY_MS.first;
      while (!signal.aborted) {
        await ask(signal).catch((error) => {
          if (signal.aborted) return;
          log.sparsely("clock", "cannot ask the exchange for its time", { why: describe(error) });
        });
        await sleep(current() ? pause : EVERY_MS.unknown, signal);
        pause = current() ? Math.min(2 * pause, EVERY_MS.last) : EVERY_MS.first;
      }
    },
    async known(signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
      await Promise.race([isKnown.promise, promise]);
    },
  };
}
