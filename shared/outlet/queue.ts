import type { Outgoing } from "../kafka/mod.ts";

/** How entries are merged: which are versions of one row, and what is kept of two of them. */
export interface Rows {
  key(entry: Outgoing): string;
  /** What is kept of an entry and of one that came after it: the first of them itself if the other is no newer. */
  newestOf(stored: Outgoing, next: Outgoing): Outgoing;
}

/** Entries in the order of their numbers, each number at the place of its entry. */
export interface Numbered {
  readonly entries: Outgoing[];
  readonly numbers: number[];
}

/** Entries in their order: first in, first out. Each has a number that is greater than those of all before it. */
export interface Queue {
  /** Adds an entry. While the queue merges, the entry may replace an older one of its row, and takes its number. */
  push(entry: Outgoing, number: number): void;
  /** Puts entries where they belong by their numbers. */
  insert(some: Numbered): void;
  /** Takes the oldest entry; the queue must not be empty. */
  shift(): Outgoing;
  /** Takes the oldest entries, at most `most` bytes. */
  take(most: number): Numbered;
  /** Takes the entries that are chosen. */
  extract(isChosen: (entry: Outgoing) => boolean): Numbered;
  /** Keeps only the newest entry of each row, if rows are given, and merges later entries until some are taken. */
  merge(): void;
  /** The keys of its entries. */
  readonly keys: ReadonlySet<Outgoing["key"]>;
  /** The number of the oldest entry; Infinity where there is none. */
  readonly oldest: number;
  readonly length: number;
  readonly bytes: number;
}

/** Bytes that an entry takes in addition to its value, estimated. */
const OVERHEAD_BYTES = 300;

/** Bytes that an entry takes. */
const sizeOf = ({ value }: Outgoing) => value.length + OVERHEAD_BYTES;

/** An empty queue. `onMerged` is called with each entry that a newer one of its row replaces. */
export function createQueue(rows?: Rows, onMerged = () => {}): Queue {
  let entries: Outgoing[] = [];
  // An array beside the other: a number in each entry would cost an allocation a message.
  let numbers: number[] = [];
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
    const newest = rows.newestOf(stored, entry);
    entries[place] = newest;
    bytes += sizeOf(newest) - sizeOf(stored);
    onMerged();
    return true;
  };
  const push = (entry: Outgoing, number: number) => {
    if (mergeIn(entry)) return;
    entries.push(entry);
    numbers.push(number);
    bytes += sizeOf(entry);
  };
  const reset = (all: Numbered) => {
    ({ entries, numbers } = all);
    head = 0;
    places = undefined;
    bytes = entries.reduce((sum, one) => sum + sizeOf(one), 0);
  };
  const cut = (end = entries.length): Numbered => ({
    entries: entries.slice(head, end),
    numbers: numbers.slice(head, end),
  });

  return {
    push,
    insert(some) {
      if (some.entries.length > 0) reset(mergeByNumber(some, cut()));
    },
    shift() {
      const oldest = entries[head++];
      bytes -= sizeOf(oldest);
      if (rows) places?.delete(rows.key(oldest));
      if (head > 10_000 && head > entries.length / 2) {
        ({ entries, numbers } = cut());
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
      const some = cut(end);
      head = end;
      bytes -= size;
      places = undefined;
      if (head === entries.length) {
        entries = [];
        numbers = [];
        head = 0;
      }
      return some;
    },
    extract(isChosen) {
      const all = cut();
      const chosen = all.entries.map(isChosen);
      const pick = (isWanted: boolean): Numbered => ({
        entries: all.entries.filter((_, n) => chosen[n] === isWanted),
        numbers: all.numbers.filter((_, n) => chosen[n] === isWanted),
      });
      const some = pick(true);
      if (some.entries.length > 0) reset(pick(false));
      return some;
    },
    merge() {
      if (!rows || places) return;
      const waiting = cut();
      entries = [];
      numbers = [];
      head = bytes = 0;
      places = new Map();
      waiting.entries.forEach((entry, n) => push(entry, waiting.numbers[n]));
    },
    get keys() {
      return new Set(cut().entries.map(({ key }) => key));
    },
    get oldest() {
      return head < numbers.length ? numbers[head] : Infinity;
    },
    get length() {
      return entries.length - head;
    },
    get bytes() {
      return bytes;
    },
  };
}

function mergeByNumber(a: Numbered, b: Numbered): Numbered {
  const all: Numbered = { entries: [], numbers: [] };
  let [i, j] = [0, 0];
  while (i < a.numbers.length || j < b.numbers.length) {
    const isFromA = j === b.numbers.length || a.numbers[i] < b.numbers[j];
    const [from, n] = isFromA ? [a, i++] : [b, j++];
    all.entries.push(from.entries[n]);
    all.numbers.push(from.numbers[n]);
  }
  return all;
}
