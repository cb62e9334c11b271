/** A bounded queue between the reading of Kafka and the writing of rows. */
export interface Intake<T> {
  /** Adds an item; waits while the queue is full. Items of before the last `clear` are left out, and those that come once it failed. */
  put(item: T, bytes: number): Promise<void>;
  /** Takes all that is there, up to the limit; waits for the first. Returns none once the signal is aborted. */
  take(limit: number): Promise<T[]>;
  /** What has not been taken, in order. */
  waiting(): readonly T[];
  /** There will be no more: every `take` from now on throws this. */
  fail(error: unknown): void;
  /** Forgets what has not been taken. */
  clear(): void;
  /** Bytes that wait. */
  readonly bytes: number;
}

/** A queue that holds `most` bytes; one item more is let in, so that no item is too large. */
export function createIntake<T>(most: number, signal: AbortSignal): Intake<T> {
  let items: { item: T; bytes: number }[] = [];
  let bytes = 0;
  let epoch = 0;
  let failure: { error: unknown } | undefined;
  let changed = Promise.withResolvers<void>();
  const notify = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  signal.addEventListener("abort", notify, { once: true });

  return {
    async put(item, size) {
      const mine = epoch;
      while (bytes >= most && mine === epoch && !failure && !signal.aborted) await changed.promise;
      if (mine !== epoch || failure || signal.aborted) return;
      items.push({ item, bytes: size });
      bytes += size;
      notify();
    },
    async take(limit) {
      while (items.length === 0 && !failure && !signal.aborted) await changed.promise;
      if (signal.aborted) return [];
      if (failure) throw failure.error;
      let count = 0;
      let taken = 0;
      while (count < items.length && (count === 0 || taken + items[count].bytes <= limit)) {
        taken += items[count++].bytes;
      }
      const batch = items.slice(0, count).map(({ item }) => item);
      items = items.slice(count);
      bytes -= taken;
      notify();
      return batch;
    },
    waiting: () => items.map(({ item }) => item),
    fail(error) {
      failure = { error };
      notify();
    },
    clear() {
      epoch++;
      items = [];
      bytes = 0;
      notify();
    },
    get bytes() {
      return bytes;
    },
  };
}
