import type { Outgoing } from "../kafka/mod.ts";
import { createQueue, type Numbered, type Rows } from "./queue.ts";

/**
 * What waits to be sent to one topic, bounded in bytes. Only the text of a message is kept: keeping the message as well costs a tenth of
 * a producer's speed.
 */
export interface Buffer {
  /** Adds an entry; the first has the number 0. Past the limit older entries are merged or dropped. */
  push(entry: Outgoing): void;
  /**
   * Waits for entries and takes the oldest: up to `most` bytes, and at least one. They count as held until `settle`. Entries that could
   * not be sent are taken by themselves, in turn with the rest: later entries of their keys stay in the buffer, where they can be
   * merged. Returns none once the buffer is closed and empty, or the signal is aborted.
   */
  take(most: number, signal: AbortSignal): Promise<Outgoing[]>;
  /**
   * What was taken last has been sent, except `unsent`. Those are kept, and later entries of their keys wait behind them. An entry
   * without a key makes no other wait.
   */
  settle(unsent?: readonly Outgoing[]): void;
  /** What could not be sent may be taken again. */
  release(): void;
  /** Lets `take` end. */
  close(): void;
  /** How many entries were added. */
  readonly pushed: number;
  /** All entries with a smaller number have been sent or dropped. One that was merged has the number of the older one. */
  readonly settled: number;
  /** Entries that are not sent yet. */
  readonly length: number;
  /** Whether entries wait that could not be sent, or that come after one. */
  readonly isHolding: boolean;
  /** Whether it is less than half full. */
  readonly hasRoom: boolean;
}

/** What a full buffer tells. */
export interface Losses {
  /** An entry was replaced by a newer one of the same row. */
  onMerged(): void;
  /** This entry is lost, so that the buffer stays within its limit. */
  onDropped(entry: Outgoing, number: number): void;
}

/** An empty buffer of `limit` bytes. With `rows` a full buffer merges entries of one row before it drops any. */
export function createBuffer(limit: number, losses: Losses, rows?: Rows): Buffer {
  const ready = createQueue(rows, losses.onMerged);
  /** Entries of keys of which one could not be sent. */
  const held = createQueue(rows, losses.onMerged);
  let heldKeys = new Set<Outgoing["key"]>();
  /** Entries that could not be sent, and those of them that may be tried again. */
  const failed = createQueue();
  const again = createQueue();
  let taken = nothing;
  let takenBytes = 0;
  let isRetry = false;
  let pushed = 0;
  let closed = false;
  let wake = () => {}; // resolves the promise of a `take` that waits

  const bytes = () => ready.bytes + held.bytes + failed.bytes + again.bytes + takenBytes;
  const isEmpty = () => ready.length + held.length + failed.length + again.length === 0;
  const dropOldest = () => {
    const queue = held.length > 0 ? held : ready;
    const number = queue.oldest;
    losses.onDropped(queue.shift(), number);
  };

  return {
    push(entry) {
      (heldKeys.has(entry.key) ? held : ready).push(entry, pushed++);
      if (bytes() > limit) {
        held.merge();
        ready.merge();
        while (bytes() > limit && held.length + ready.length > 0) dropOldest();
      }
      wake();
    },
    async take(most, signal) {
      const stop = () => wake();
      signal.addEventListener("abort", stop);
      while (again.length + ready.length === 0 && !(closed && isEmpty()) && !signal.aborted) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      signal.removeEventListener("abort", stop);
      if (signal.aborted) return [];
      const before = bytes();
      isRetry = again.length > 0 && !(isRetry && ready.length > 0);
      taken = isRetry ? again.take(Infinity) : ready.take(most);
      if (taken.entries.length === 0 && ready.length > 0) {
        taken = { numbers: [ready.oldest], entries: [ready.shift()] };
      }
      takenBytes = before - bytes();
      return taken.entries;
    },
    settle(unsent = []) {
      const sent = taken;
      taken = nothing;
      takenBytes = 0;
      if (unsent.length === 0 && heldKeys.size === 0) return;
      failed.insert(among(sent, new Set(unsent)));
      const freed = heldKeys;
      heldKeys = new Set();
      for (const queue of [again, failed]) {
        for (const key of queue.keys) if (key !== null) heldKeys.add(key);
      }
      for (const key of heldKeys) freed.delete(key);
      ready.insert(held.extract(({ key }) => freed.has(key)));
      held.insert(ready.extract(({ key }) => heldKeys.has(key)));
    },
    release() {
      again.insert(failed.take(Infinity));
      wake();
    },
    close() {
      closed = true;
      wake();
    },
    get pushed() {
      return pushed;
    },
    get settled() {
      const [onItsWay = Infinity] = taken.numbers;
      return Math.min(onItsWay, ready.oldest, held.oldest, failed.oldest, again.oldest, pushed);
    },
    get length() {
      return ready.length + held.length + failed.length + again.length + taken.entries.length;
    },
    get isHolding() {
      return held.length + failed.length + again.length > 0;
    },
    get hasRoom() {
      return bytes() < limit / 2;
    },
  };
}

const nothing: Numbered = { entries: [], numbers: [] };

/** Those of the entries that are chosen. */
function among({ entries, numbers }: Numbered, chosen: ReadonlySet<Outgoing>): Numbered {
  return {
    entries: entries.filter((entry) => chosen.has(entry)),
    numbers: numbers.filter((_, n) => chosen.has(entries[n])),
  };
}
