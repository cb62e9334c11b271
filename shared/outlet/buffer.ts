import type { Outgoing } from "../kafka/mod.ts";
import { createQueue, type Rows, sizeOfAll } from "./queue.ts";

/**
 * What waits to be sent to one topic, bounded in bytes. Only the text of a message is kept: keeping the message as well costs a tenth of
 * a producer's speed.
 */
export interface Buffer {
  /** Adds an entry. Past the limit older entries are merged or dropped. */
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
  onDropped(entry: Outgoing): void;
}

/** An empty buffer of `limit` bytes. With `rows` a full buffer merges entries of one row before it drops any. */
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
  let wake = () => {}; // resolves the promise of a `take` that waits

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
