/** Waits `ms`, or until the signal is aborted; returns at once if `ms` is not positive. Never throws. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms)); // the runtime warns of negative times
    signal?.addEventListener("abort", done, { once: true });
  });
}

/**
 * How long to wait before the next attempt, in ms: doubled each time from `least` to `most`, with up to half of it taken
 * off at random, so that workers that failed together do not come back together.
 */
export function backoff(attempt: number, least = 250, most = 30_000): number {
  const full = Math.min(most, least * 2 ** Math.min(attempt, 30));
  return full - Math.random() * full / 2;
}

/** A condition variable: those who wait check what they wait for each time it is notified. */
export interface Condition {
  notifyAll(): void;
  /** Resolves at the next notification, or once the signal is aborted. */
  wait(signal: AbortSignal): Promise<void>;
}

/** A condition for which nobody waits. */
export function createCondition(): Condition {
  const waiting = new Set<() => void>();
  return {
    notifyAll() {
      for (const go of waiting) go();
    },
    wait(signal) {
      return new Promise((resolve) => {
        const go = () => {
          waiting.delete(go);
          signal.removeEventListener("abort", go);
          resolve();
        };
        waiting.add(go);
        signal.addEventListener("abort", go);
        if (signal.aborted) go();
      });
    },
  };
}
