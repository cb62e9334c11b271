import { ConfigError } from "./config/config.ts";
import { describe, type Kind, type Log } from "./log.ts";
import { backoff, sleep } from "./wait.ts";

/** How `retryForever` behaves. */
export interface RetryOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The kind of failure: each kind is logged at most once a minute. */
  readonly kind: Kind;
  /** Returns the log's words for a failure; by default the error's own. */
  readonly explain?: (error: unknown) => string;
  /** Whether another attempt can succeed; other errors are thrown. Default: all but errors of the configuration. */
  readonly passing?: (error: unknown) => boolean;
  /** Whether a person must act before an attempt can succeed; attempts go on nevertheless. Default: no error. */
  readonly lasts?: (error: unknown) => boolean;
  /** Words for an attempt that neither succeeds nor fails for `ms`; the attempt goes on. */
  readonly slow?: { readonly ms: number; readonly words: string };
  /** Is called at each failure, with words and whether a person must act, and with undefined when an attempt succeeds. */
  readonly onTrouble?: (words: string | undefined, isLasting?: boolean) => void;
}

/** The longest pause between two attempts, in ms: a server that is back is used within this time, however long it was away. */
const MOST_PAUSE_MS = 5_000;

/**
 * Attempts something until it succeeds, with growing pauses, without a limit; failures are logged once a minute.
 * @throws an error that is not `passing`, or the last error when the signal is aborted
 */
export async function retryForever<T>(attempt: () => Promise<T>, retry: RetryOptions): Promise<T> {
  const { signal, log, kind, explain = describe, lasts, slow, onTrouble = () => {} } = retry;
  const { passing = (error) => !(error instanceof ConfigError) } = retry;
  let isInTrouble = false;
  const report = (words: string, isLasting?: boolean) => {
    isInTrouble = true;
    onTrouble(words, isLasting);
  };
  const reportSlow = () => {
    report(slow!.words);
    log.sparsely(kind, slow!.words);
  };
  for (let failures = 0;; failures++) {
    try {
      const result = await (slow ? watch(attempt(), slow.ms, reportSlow) : attempt());
      if (isInTrouble) onTrouble(undefined);
      if (failures > 0) log.info("recovered", { after: `${failures} failures` });
      return result;
    } catch (error) {
      if (!passing(error)) throw error;
      report(explain(error), lasts?.(error));
      if (signal.aborted) throw error;
      const words = explain(error);
      log.sparsely(kind, `${words}; trying until it works`);
      await sleep(backoff(failures, 250, MOST_PAUSE_MS), signal);
    }
  }
}

/** Waits for an attempt, and calls `onSlow` if it takes longer than `ms`. */
async function watch<T>(attempt: Promise<T>, ms: number, onSlow: () => void): Promise<T> {
  const timer = setTimeout(onSlow, ms);
  try {
    return await attempt;
  } finally {
    clearTimeout(timer);
  }
}
