import type { Outgoing } from "../kafka/mod.ts";

/** How entries are merged: which are versions of one row, and which of two is the newer one. */
export interface Rows {
  key(entry: Outgoing): string;
  isNewer(a: Outgoing, b: Outgoing): boolean;
}

/** Entries in their order: first in, first out. */
export interface Queue {
  /** Adds an entry. While the queue merges, the entry may replace an older one of its row. */
  push(entry: Outgoing): void;
  /** Puts entries before all others, in their order. */
  prepend(entries: readonly Outgoing[]): void;
  /** Takes the oldest entry; the queue must not be empty. */
  shift(): Outgoing;
  /** Takes the oldest entries, at most `most` bytes. */
  take(most: number): Outgoing[];
  /** Takes the entries of these keys. */
  extract(keys: ReadonlySet<Outgoing["key"]>): Outgoing[];
  /** Keeps only the newest entry of each row, if rows are given, and merges later entries until some are taken. */
  merge(): void;
  readonly length: number;
  readonly bytes: number;
}

/** Bytes that an entry takes in addition to its value, estimated. */
const OVERHEAD_BYTES = 300;

/** Bytes that an entry takes. */
const sizeOf = ({ value }: Outgoing) => value.length + OVERHEAD_BYTES;
export const sizeOfAll = (entries: readonly Outgoing[]) => entries.reduce((sum, one) => sum + sizeOf(one), 0);

/** An empty queue. `onMerged` is called with each entry that a newer one of its row replaces. */
export function createQueue(rows: Rows | undefined, onMerged: () => void): Queue {
  let entries: Outgoing[] = [];
  let head = 0; // entries before this index have been taken; they are cut off from time to time
  let bytes = 0;
  let places: Map<string, number> | undefined; // the index of each row's entry, while the queue merges

  /** Replaces the older of two entries of one row by the newer; false if the row has only this one. */
  const mergeIn = (entry: Outgoing): boolean => {
    if (!rows || !places) return false;
    const key = rows.key(entry);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, entries.length);
      return false;
    }
    const stored = entries[place];
    if (rows.isNewer(entry, stored)) {
      entries[place] = entry;
      bytes += sizeOf(entry) - sizeOf(stored);
    }
    onMerged();
    return true;
  };
  const push = (entry: Outgoing) => {
    if (mergeIn(entry)) return;
    entries.push(entry);
    bytes += sizeOf(entry);
  };
  const reset = (all: Outgoing[]) => {
    entries = all;
    head = 0;
    places = undefined;
    bytes = sizeOfAll(all);
  };

  return {
    push,
    prepend: (some) => reset([...some, ...entries.slice(head)]),
    shift() {
      const oldest = entries[head++];
      bytes -= sizeOf(oldest);
      if (rows) places?.delete(rows.key(oldest));
      if (head > 10_000 && head > entries.length / 2) {
        entries = entries.slice(head);
        head = 0;
        places = undefined;
      }
      return oldest;
    },
    take(most) {
      let size = 0;
      let end = head;
      for (; end < entries.length; end++) {
        const more = sizeOf(entries[end]);
        if (size + more > most) break;
        size += more;
      }
      const some = entries.slice(head, end);
      head = end;
      bytes -= size;
      places = undefined;
      if (head === entries.length) {
        entries = [];
        head = 0;
      }
      return some;
    },
    extract(keys) {
      const all = entries.slice(head);
      const some = all.filter(({ key }) => keys.has(key));
      if (some.length > 0) reset(all.filter(({ key }) => !keys.has(key)));
      return some;
    },
    merge() {
      if (!rows || places) return;
      const waiting = entries.slice(head);
      entries = [];
      head = bytes = 0;
      places = new Map();
      for (const entry of waiting) push(entry);
    },
    get length() {
      return entries.length - head;
    },
    get bytes() {
      return bytes;
    },
  };
}
