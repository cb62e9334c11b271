import type { Outgoing } from "../kafka/mod.ts";
import { createQueue, type Rows, sizeOfAll } from "./queue.ts";

/**
 * What waits to be sent to one topic, bounded in bytes. A text alone is kept of a message: to keep the message beside it costs a
 * tenth of the producer's speed.
 */
export interface Buffer {
  /** Adds an entry. Past the limit older ones are merged or dropped. */
  push(entry: Outgoing): void;
  /**
   * Waits for entries and takes the oldest, up to so many bytes and at least one; they count until `settle`. What could not be sent
   * is taken alone, by turns with the rest: what came later of its keys stays in the buffer, where it can be merged. None once the
   * buffer is closed and empty, or the signal is aborted.
   */
  take(most: number, signal: AbortSignal): Promise<Outgoing[]>;
  /**
   * What was taken last has been sent, but for these. They are kept, and entries of their keys wait behind them; an entry without a
   * key holds up no other.
   */
  settle(unsent?: readonly Outgoing[]): void;
  /** What is held back may be taken again. */
  release(): void;
  /** Lets `take` end. */
  close(): void;
  /** Entries that are not sent yet. */
  readonly length: number;
  /** Whether some are held back. */
  readonly isHolding: boolean;
  /** Whether it is less than half full. */
  readonly hasRoom: boolean;
}

/** What the buffer tells of when it is full. */
export interface Losses {
  /** A newer message of the same row took its place. */
  onMerged(): void;
  /** Lost, to stay within the limit. */
  onDropped(entry: Outgoing): void;
}

/** An empty buffer of `limit` bytes. With `rows` it merges entries of one row before it drops any. */
export function createBuffer(limit: number, losses: Losses, rows?: Rows): Buffer {
  const ready = createQueue(rows, losses.onMerged);
  /** Entries of keys of which one could not be sent. */
  const held = createQueue(rows, losses.onMerged);
  let heldKeys = new Set<Outgoing["key"]>();
  /** Entries that could not be sent, and those of them that may be tried again. */
  let failed: Outgoing[] = [];
  let again: Outgoing[] = [];
  const taken = { length: 0, bytes: 0, isRetry: false };
  let kept = 0; // bytes of those that could not be sent
  let closed = false;
  let wake = () => {}; // whoever waits to take

  const bytes = () => ready.bytes + held.bytes + kept + taken.bytes;
  const isEmpty = () => ready.length + held.length + failed.length + again.length === 0;
  const dropOldest = () => losses.onDropped((held.length > 0 ? held : ready).shift());

  return {
    push(entry) {
      (heldKeys.has(entry.key) ? held : ready).push(entry);
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
      taken.isRetry = again.length > 0 && !(taken.isRetry && ready.length > 0);
      const all = taken.isRetry ? again : ready.take(most);
      if (taken.isRetry) {
        again = [];
        kept -= sizeOfAll(all);
      } else if (all.length === 0 && ready.length > 0) all.push(ready.shift());
      taken.length = all.length;
      taken.bytes = before - bytes();
      return all;
    },
    settle(unsent = []) {
      taken.length = taken.bytes = 0;
      if (unsent.length === 0 && heldKeys.size === 0) return;
      failed.push(...unsent);
      kept += sizeOfAll(unsent);
      const freed = heldKeys;
      heldKeys = new Set([...again, ...failed].map(({ key }) => key).filter((key) => key !== null));
      for (const key of heldKeys) freed.delete(key);
      ready.prepend(held.extract(freed));
      for (const entry of ready.extract(heldKeys)) held.push(entry);
    },
    release() {
      again.push(...failed);
      failed = [];
      wake();
    },
    close() {
      closed = true;
      wake();
    },
    get length() {
      return ready.length + held.length + failed.length + again.length + taken.length;
    },
    get isHolding() {
      return held.length + failed.length + again.length > 0;
    },
    get hasRoom() {
      return bytes() < limit / 2;
    },
  };
}
