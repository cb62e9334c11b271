import { type Histogram, note } from "../shared/histogram.ts";
import type { Batch, Incoming } from "../shared/kafka/mod.ts";
import type { Stream } from "../shared/stream.ts";
import type { Report } from "../shared/worker.ts";
import type { Decoded } from "./decode.ts";

type Message = { symbol: string; receivedAt?: number };

/** Keeps a consumer's counts. */
export interface Meter<M extends Message> {
  /** The group has been joined anew, and partitions given out anew. */
  joined(): void;
  /** Notes what there is to be done: a batch has been read. */
  read(batch: Batch): void;
  /** Notes how long messages took that are rows by now. */
  stored(decoded: Decoded<M>): void;
  /** Counts a batch whose offset has been committed; `refused` and expired messages became no rows. */
  committed(
    batch: Batch,
    decoded: Decoded<M>,
    refused: ReadonlyMap<M, string>,
    isExpired: (message: M) => boolean,
  ): void;
  trouble(of: "kafka" | "database", words: string | undefined): void;
  report(): Report;
}

/** Counts offsets once, however often they are read. */
export function createMeter<M extends Message>(stream: Stream<M>): Meter<M> {
  const counts = { stored: 0, rejected: 0, expired: 0, legacy: 0, behind: 0 };
  const delays: Histogram = [];
  const prices: Record<string, string> = {};
  /** Of each partition that is read: the next message to be stored, and the end as last heard of. */
  const partitions = new Map<number, { next: number; end: number }>();
  let hasJoined = false;
  const counted = new Map<number, number>();
  const troubles = new Map<string, string>();
  return {
    joined() {
      hasJoined = true;
      partitions.clear();
    },
    read({ partition, messages, nextOffset, behind }) {
      const next = partitions.get(partition)?.next ?? Number(messages[0].offset);
      partitions.set(partition, { next, end: Number(nextOffset) + behind });
    },
    stored({ messages }) {
      const now = Date.now();
      for (const message of messages) {
        if (message.receivedAt !== undefined) note(delays, now - message.receivedAt);
        if (stream.lastPrice) prices[message.symbol] = stream.lastPrice(message);
      }
    },
    committed(batch, decoded, refused, isExpired) {
      const { partition, nextOffset } = batch;
      const from = counted.get(partition) ?? 0;
      const isFresh = ({ offset }: Incoming) => Number(offset) >= from;
      decoded.messages.forEach((message, i) => {
        if (!isFresh(decoded.sources[i])) return;
        if (isExpired(message)) counts.expired++;
        else if (refused.has(message)) counts.rejected++;
        else counts.stored++;
      });
      counts.rejected += decoded.poison.filter(({ message }) => isFresh(message)).length;
      counts.legacy += decoded.legacy.filter(isFresh).length;
      counted.set(partition, Math.max(Number(nextOffset), from));
      const read = partitions.get(partition);
      if (read) read.next = Number(nextOffset);
    },
    trouble(of, words) {
      if (words === undefined) troubles.delete(of);
      else troubles.set(of, words);
    },
    report() {
      counts.behind = [...partitions.values()].reduce((sum, { next, end }) => sum + end - next, 0);
      const waiting = troubles.get("database");
      const starting = hasJoined || waiting ? undefined : "the consumer group has not been joined yet";
      return { counts, delays, prices, waiting, stuck: troubles.get("kafka") ?? starting };
    },
  };
}
