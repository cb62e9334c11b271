/** A bounded queue between the reading of Kafka and the writing of rows. */
export interface Intake<T> {
  /** Adds an item; waits while the queue is full. Drops the item if the queue is cleared meanwhile, or has failed. */
  put(item: T, bytes: number): Promise<void>;
  /** Takes all items, up to `limit` bytes but at least one; waits for the first. Returns none when the signal is aborted. */
  take(limit: number): Promise<T[]>;
  /** The items that have not been taken, in order. */
  waiting(): readonly T[];
  /** Ends the queue: every `take` from now on throws this error. */
  fail(error: unknown): void;
  /** Drops the items that have not been taken. */
  clear(): void;
  /** How many bytes wait. */
  readonly bytes: number;
}

/** Makes a queue that accepts items while it holds less than `most` bytes. So an item of any size is accepted. */
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
