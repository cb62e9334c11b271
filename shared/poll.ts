import { sleep } from "./wait.ts";

/** For how long, and how often, something is looked at. */
export interface Limit {
  /** At most for so long, in ms. */
  readonly ms: number;
  /** Between two looks, in ms. */
  readonly pauseMs: number;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** What counts as found. */
type Found<T> = Exclude<T, false | null | undefined>;

/**
 * Looks at least once, and until a look returns something that is true, and returns that. Returns undefined once the time is over or the
 * signal is aborted.
 * @param look may call `extend`, where it sees progress: the time begins anew
 * @throws what a look throws
 */
export async function poll<T>(
  look: (extend: () => void) => T | Promise<T>,
  { ms, pauseMs, signal }: Limit,
): Promise<Found<T> | undefined> {
  let end = performance.now() + ms;
  const extend = () => void (end = performance.now() + ms);
  for (;;) {
    const found = await look(extend);
    if (found) return found as Found<T>;
    if (signal?.aborted || performance.now() >= end) return undefined;
    await sleep(pauseMs, signal);
  }
}

/**
 * Attempts something until it succeeds, for a limited time. `retryForever` is for what has no limit.
 * @param passing whether another attempt can succeed after the error; default: any
 * @throws the last attempt's error once the time is over, or at once if it is not passing; the signal's reason once that is aborted
 */
export async function retryUntil<T>(
  attempt: () => Promise<T>,
  limit: Limit,
  passing: (error: unknown) => boolean = () => true,
): Promise<T> {
  let failure: unknown;
  const result = await poll(async () => {
    try {
      return { value: await attempt() };
    } catch (error) {
      if (!passing(error)) throw error;
      failure = error;
    }
  }, limit);
  if (result) return result.value;
  limit.signal?.throwIfAborted();
  throw failure;
}
