import type { Outgoing } from "../shared/kafka/mod.ts";
import { isNewer, rowKey, type Stream } from "../shared/stream.ts";

type Message = { symbol: string };

/**
 * What waits to be sent: a text alone. Should its message be needed, which is seldom, it is decoded; to keep it beside the text
 * costs a tenth of the producer's speed.
 */
export interface Entry extends Outgoing {
  readonly topic: string;
}

/** A queue towards Kafka that is bounded in bytes. */
export interface Buffer {
  /** Adds an entry. Past the limit older ones are merged or dropped, as the stream wants it. */
  push(entry: Entry): void;
  /** Adds an entry that is taken before all others and never dropped, as few and small ones may be: the limit is not theirs. */
  pushFirst(entry: Entry): void;
  /** Waits for entries and takes the oldest, up to so many bytes; they count until `settle`. None once it is closed and empty. */
  take(most: number): Promise<Entry[]>;
  /** What was taken last has been sent. */
  settle(): void;
  /** Lets `take` end. */
  close(): void;
  /** Entries that are not settled yet. */
  readonly length: number;
  /** Whether it is less than half full. */
  readonly hasRoom: boolean;
}

/** What an entry takes up beside its value, as far as that can be told. */
const OVERHEAD_BYTES = 300;

const sizeOf = (entry: Outgoing) => entry.value.length + OVERHEAD_BYTES;

/** What the buffer tells of when it is full. */
export interface Losses<M> {
  /** A newer message of the same row took its place. */
  onMerged(count: number): void;
  /** Lost, to stay within the limit; what is not on the stream's own topic has no message. */
  onDropped(entry: Entry, message?: M): void;
}

/** An empty buffer of `limit` bytes. What is for `topic` are messages of the stream. */
export function createBuffer<M extends Message>(
  stream: Stream<M>,
  topic: string,
  limit: number,
  losses: Losses<M>,
): Buffer {
  let first: Entry[] = [];
  let entries: Entry[] = [];
  let head = 0; // entries before it are gone; they are cut off now and then
  const taken = { length: 0, bytes: 0 };
  let bytes = 0;
  let places: Map<string, number> | undefined; // of rows among the entries, while candles are merged
  let closed = false;
  let wake = () => {}; // whoever waits to take

  const messageOf = (entry: Entry) =>
    entry.topic === topic ? stream.codec.decode(String(entry.value)) : undefined;
  const total = (some: readonly Entry[]) => some.reduce((sum, entry) => sum + sizeOf(entry), 0);

  /** Replaces the older of two entries of one row by the newer; false where there is but this one. */
  const mergeIn = (entry: Entry): boolean => {
    const message = places && messageOf(entry);
    if (!places || !message) return false;
    const key = rowKey(stream, message);
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, entries.length);
      return false;
    }
    const stored = entries[place];
    if (isNewer(stream, message, messageOf(stored)!)) {
      entries[place] = entry;
      bytes += sizeOf(entry) - sizeOf(stored);
    }
    losses.onMerged(1);
    return true;
  };
  const add = (entry: Entry) => {
    if (!mergeIn(entry)) entries.push(entry);
  };
  /** Leaves the newest entry of each row, in the order in which the rows first came, and merges what comes from now on. */
  const startMerging = () => {
    const waiting = entries.slice(head);
    entries = [];
    head = 0;
    places = new Map();
    for (const entry of waiting) add(entry);
    bytes = taken.bytes + total(entries);
  };
  const dropOldest = () => {
    const oldest = entries[head++];
    bytes -= sizeOf(oldest);
    const message = messageOf(oldest);
    if (message) places?.delete(rowKey(stream, message));
    losses.onDropped(oldest, message);
  };

  return {
    push(entry) {
      const before = entries.length;
      add(entry);
      if (entries.length > before) bytes += sizeOf(entry);
      if (bytes > limit && stream.overflow === "merge" && !places) startMerging();
      while (bytes > limit && head < entries.length) dropOldest();
      if (head > 10_000 && head > entries.length / 2) {
        entries = entries.slice(head);
        head = 0;
        places = undefined;
      }
      wake();
    },
    pushFirst(entry) {
      first.push(entry);
      wake();
    },
    async take(most) {
      while (first.length === 0 && head === entries.length && !closed) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      let size = total(first);
      let end = head;
      for (; end < entries.length; end++) {
        size += sizeOf(entries[end]);
        if (size > most && first.length + end > head) break;
      }
      const some = entries.slice(head, end);
      const all = [...first, ...some];
      taken.length = all.length;
      taken.bytes = total(some);
      first = [];
      head = end;
      places = undefined;
      if (head === entries.length) {
        entries = [];
        head = 0;
      }
      return all;
    },
    settle() {
      bytes -= taken.bytes;
      taken.length = taken.bytes = 0;
    },
    close() {
      closed = true;
      wake();
    },
    get length() {
      return first.length + entries.length - head + taken.length;
    },
    get hasRoom() {
      return bytes < limit / 2;
    },
  };
}
