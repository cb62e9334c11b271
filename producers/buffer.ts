import type { Outgoing } from "../shared/kafka/mod.ts";
import { isNewer, rowKey, type Stream } from "../shared/stream.ts";

type Message = { symbol: string };

/** What waits to be sent. */
export interface Entry<M> extends Outgoing {
  readonly topic: string;
  /** Absent from dead letters. */
  readonly message?: M;
}

/** A queue towards Kafka that is bounded in bytes. */
export interface Buffer<M> {
  /** Adds an entry. Past the limit older ones are merged or dropped, as the stream wants it. */
  push(entry: Entry<M>): void;
  /** Waits for entries and takes the oldest, up to so many bytes; they count until `settle`. None once it is closed and empty. */
  take(most: number): Promise<Entry<M>[]>;
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
  /** Lost, to stay within the limit; a dead letter has no message. */
  onDropped(entry: Entry<M>): void;
}

/** An empty buffer of `limit` bytes. */
export function createBuffer<M extends Message>(
  stream: Stream<M>,
  limit: number,
  losses: Losses<M>,
): Buffer<M> {
  let entries: Entry<M>[] = [];
  let head = 0; // entries before it are gone; they are cut off now and then
  let taken: Entry<M>[] = [];
  let bytes = 0;
  let mergedTo = 0; // entries left by the last merge: another pays only after as many have come
  let closed = false;
  let changed = Promise.withResolvers<void>();

  const notify = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const total = (some: readonly Entry<M>[]) => some.reduce((sum, entry) => sum + sizeOf(entry), 0);

  const merge = () => {
    const waiting = entries.slice(head);
    entries = newestPerRow(stream, waiting);
    head = 0;
    mergedTo = entries.length;
    bytes = total(taken) + total(entries);
    if (waiting.length > entries.length) losses.onMerged(waiting.length - entries.length);
  };

  return {
    push(entry) {
      entries.push(entry);
      bytes += sizeOf(entry);
      if (bytes > limit && stream.overflow === "merge" && entries.length - head >= 2 * mergedTo) merge();
      while (bytes > limit && head < entries.length) {
        const oldest = entries[head++];
        bytes -= sizeOf(oldest);
        losses.onDropped(oldest);
      }
      if (head > 10_000 && head > entries.length / 2) {
        entries = entries.slice(head);
        head = 0;
      }
      notify();
    },
    async take(most) {
      while (head === entries.length && !closed) await changed.promise;
      let end = head;
      for (let size = 0; end < entries.length; end++) {
        size += sizeOf(entries[end]);
        if (size > most && end > head) break;
      }
      taken = entries.slice(head, end);
      head = end;
      if (head === entries.length) {
        entries = [];
        head = 0;
      }
      return taken;
    },
    settle() {
      bytes -= total(taken);
      taken = [];
    },
    close() {
      closed = true;
      notify();
    },
    get length() {
      return entries.length - head + taken.length;
    },
    get hasRoom() {
      return bytes < limit / 2;
    },
  };
}

/** The newest entry of each row, in the order in which the rows first came; dead letters stay. */
function newestPerRow<M extends Message>(stream: Stream<M>, entries: readonly Entry<M>[]): Entry<M>[] {
  const rows = new Map<string | Entry<M>, Entry<M>>();
  for (const entry of entries) {
    const { message } = entry;
    const key = message ? rowKey(stream, message) : entry;
    const stored = rows.get(key)?.message;
    if (!stored || !message || isNewer(stream, message, stored)) rows.set(key, entry);
  }
  return [...rows.values()];
}
