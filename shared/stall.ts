import { describe, type Log } from "./log.ts";
import { sleep } from "./wait.ts";

/** No progress for so long, though the servers answer, is a stall, in ms. */
const STALL_MS = 120_000;
const LOOK_MS = 15_000;
/** The servers have so long to answer, in ms. */
const ANSWER_MS = 12_000;
/** What is begun anew has so long to end, in ms; after that it is left alone. */
const END_MS = 10_000;

/** Work that has to get on. */
export interface Work {
  /** In words: "storing book_data". */
  readonly name: string;
  /** A number that changes with each progress. */
  done(): number;
  /**
   * Asks the servers, on connections of its own, how much is to be done.
   * @throws where one of them does not answer, or tells why it refuses: that is waited for
   */
  waiting(): Promise<number>;
  /** Begins the work anew: new clients, new connections. */
  renew(): void;
}

/** @throws where that takes too long */
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
 * Runs a work until the signal is aborted. Where it stands still (see `watchForStall`), the signal that `run` was given is aborted, and
 * `run` is called again with another one.
 * @throws what `run` throws, and where to begin anew does not help
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
          log.warn("what is begun anew did not end in order", { why: describe(error) });
          return false;
        });
      if (isOver || signal.aborted) return;
    }
  } finally {
    ended.abort();
  }
}

/** How long a work has not got on. */
interface Stall {
  readonly done: number;
  /** When it last got on, had nothing to do, or had servers that did not answer; ms of `performance.now()`. */
  readonly since: number;
  /** It has been begun anew, and has not got on yet. */
  readonly isRenewed: boolean;
}

/**
 * Watches a work until the signal is aborted. One that stands still for two minutes, though there is something to do and the servers
 * answer, is begun anew.
 * @throws {Error} if two more minutes show that this does not help: the process should end, and be started again
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
      log.debug("cannot tell whether the work stands still", { work: work.name, why: describe(error) });
      return 0;
    });
    if (waiting === 0) stall = { ...stall, since };
    if (signal.aborted || since - stall.since < STALL_MS) continue;
    const words = `${work.name} stands still: ${waiting} messages wait, the servers answer, and for ${
      Math.round((since - stall.since) / 1_000)
    } s nothing got done`;
    if (stall.isRenewed) throw new Error(`${words}, though it was begun anew`);
    log.error(`${words}. It is begun anew`);
    work.renew();
    stall = { done, since, isRenewed: true };
  }
}
