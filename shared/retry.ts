import { ConfigError } from "./config/config.ts";
import { describe, type Kind, type Log } from "./log.ts";
import { backoff, sleep } from "./wait.ts";

/** How `retryForever` behaves. */
export interface RetryOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The kind of failure: each kind is logged at most once a minute. */
  readonly kind: Kind;
  /** The log's words for a failure; by default the error's own. */
  readonly explain?: (error: unknown) => string;
  /** Whether another attempt can succeed; other errors are thrown. Default: all but errors of the configuration. */
  readonly passing?: (error: unknown) => boolean;
  /** Whether a person must act before an attempt can succeed; attempts go on nevertheless. Default: no error. */
  readonly lasts?: (error: unknown) => boolean;
  /** Words for an attempt that neither succeeds nor fails for `ms`; the attempt goes on. */
  readonly slow?: { readonly ms: number; readonly words: string };
  /** Called at each failure, with words and whether a person must act, and with undefined once an attempt succeeds. */
  readonly onTrouble?: (words: string | undefined, isLasting?: boolean) => void;
}

/** The longest pause between two attempts, in ms: what is back is used within so long, however long it was away. */
const MOST_PAUSE_MS = 5_000;

/**
 * Attempts something until it succeeds, for hours if need be, with growing pauses; failures are logged once a minute.
 * @throws the error of an attempt that was not passing, or the last one's once the signal is aborted
 */
export async function retryForever<T>(attempt: () => Promise<T>, retry: RetryOptions): Promise<T> {
  const { signal, log, kind, explain = describe, lasts, slow, onTrouble = () => {} } = retry;
  const { passing = (error) => !(error instanceof ConfigError) } = retry;
  let isInTrouble = false;
  const tell = (words: string, isLasting?: boolean) => {
    isInTrouble = true;
    onTrouble(words, isLasting);
  };
  const tellSlow = () => {
    tell(slow!.words);
    log.sparsely(kind, slow!.words);
  };
  for (let failures = 0;; failures++) {
    try {
      const result = await (slow ? watch(attempt(), slow.ms, tellSlow) : attempt());
      if (isInTrouble) onTrouble(undefined);
      if (failures > 0) log.info("recovered", { after: `${failures} failures` });
      return result;
    } catch (error) {
      if (!passing(error)) throw error;
      tell(explain(error), lasts?.(error));
      if (signal.aborted) throw error;
      const words = explain(error);
      log.sparsely(kind, `${words}; trying until it works`);
      await sleep(backoff(failures, 250, MOST_PAUSE_MS), signal);
    }
  }
}

/** Waits for an attempt, and calls `tell` if it takes longer than `ms`. */
async function watch<T>(attempt: Promise<T>, ms: number, tell: () => void): Promise<T> {
  const timer = setTimeout(tell, ms);
  try {
    return await attempt;
  } finally {
    clearTimeout(timer);
  }
}
