import { describe, type Log } from "./log.ts";
import { sleep } from "./wait.ts";

/** Work without progress for this long, while the servers answer, is a stall. In ms. */
const STALL_MS = 120_000;
const LOOK_MS = 15_000;
/** How long the servers may take to answer, in ms. */
const ANSWER_MS = 12_000;
/** How long a stalled run may take to end, in ms; then the next one starts without waiting for it. */
const END_MS = 10_000;

/** Work that must make progress. */
export interface Work {
  /** In words: "storing book_data". */
  readonly name: string;
  /** A number that changes with each progress. */
  done(): number;
  /**
   * Asks the servers, on connections of its own, how much is to be done.
   * @throws if one of them does not answer, or refuses with a reason: a restart would not help, so the watch goes on waiting
   */
  waiting(): Promise<number>;
  /** Restarts the work with new clients and new connections. */
  renew(): void;
}

/** @throws {Error} if the answer takes too long */
async function inTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const limit = sleep(ANSWER_MS, AbortSignal.any([settled.signal, signal]));
  try {
    return await Promise.race([
      answer,
      limit.then(() => Promise.reject(new Error(`no answer within ${ANSWER_MS / 1_000} s`))),
    ]);
  } finally {
    settled.abort();
  }
}

/**
 * Runs a work until the signal is aborted. If it stalls (see `watchForStall`), the signal that `run` was given is aborted, and `run` is
 * called again with another one.
 * @throws what `run` throws, or what `watchForStall` throws
 */
export async function runUnstalled(
  work: Omit<Work, "renew">,
  run: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const ended = new AbortController();
  let attempt = new AbortController();
  const renew = () => attempt.abort();
  const watching = watchForStall({ ...work, renew }, AbortSignal.any([signal, ended.signal]), log);
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => {});
  watching.catch(fail);
  try {
    for (;;) {
      attempt = new AbortController();
      const { signal: renewed } = attempt;
      const running = run(AbortSignal.any([signal, renewed]));
      const givenUp = new Promise<void>((resolve) => renewed.addEventListener("abort", () => resolve()))
        .then(() => sleep(END_MS, ended.signal));
      const isOver = await Promise.race([
        running.then(() => !renewed.aborted),
        givenUp.then(() => false),
        failed,
      ])
        .catch((error) => {
          if (!renewed.aborted) throw error;
          log.warn("the stalled run ended with an error", { why: describe(error) });
          return false;
        });
      if (isOver || signal.aborted) return;
    }
  } finally {
    ended.abort();
  }
}

/** Since when a work has made no progress. */
interface Stall {
  readonly done: number;
  /** When it last made progress, had nothing to do, or had servers that did not answer; ms of `performance.now()`. */
  readonly since: number;
  /** It was restarted and has made no progress since. */
  readonly isRenewed: boolean;
}

/**
 * Watches a work until the signal is aborted. If it makes no progress for two minutes, while there is something to do and the servers
 * answer, it is restarted.
 * @throws {Error} if it makes no progress for two more minutes: the process should end and be started again
 */
export async function watchForStall(work: Work, signal: AbortSignal, log: Log): Promise<void> {
  let stall: Stall = { done: work.done(), since: performance.now(), isRenewed: false };
  while (!signal.aborted) {
    await sleep(LOOK_MS, signal);
    const done = work.done();
    const since = performance.now();
    if (done !== stall.done) {
      stall = { done, since, isRenewed: false };
      continue;
    }
    const waiting = await inTime(work.waiting(), signal).catch((error) => {
      log.debug("cannot check whether the work makes progress", { work: work.name, why: describe(error) });
      return 0;
    });
    if (waiting === 0) stall = { ...stall, since };
    if (signal.aborted || since - stall.since < STALL_MS) continue;
    const words =
      `${work.name} makes no progress: ${waiting} messages wait, the servers answer, and nothing was done for ${
        Math.round((since - stall.since) / 1_000)
      } s`;
    if (stall.isRenewed) throw new Error(`${words}, even after a restart of its connections`);
    log.error(`${words}. Restarting it with new connections`);
    work.renew();
    stall = { done, since, isRenewed: true };
  }
}
