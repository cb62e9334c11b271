import { type Histogram, note } from "../shared/histogram.ts";
import type { Batch, Incoming } from "../shared/kafka/mod.ts";
import type { Stream } from "../shared/stream.ts";
import type { Report } from "../shared/worker.ts";
import type { Decoded } from "./decode.ts";

type Message = { symbol: string; receivedAt?: number };

/** Keeps a consumer's counts. */
export interface Meter<M extends Message> {
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
  const behind = new Map<number, number>();
  const counted = new Map<number, number>();
  const troubles = new Map<string, string>();
  return {
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
      behind.set(partition, batch.behind);
      counts.behind = [...behind.values()].reduce((sum, n) => sum + n, 0);
    },
    trouble(of, words) {
      if (words === undefined) troubles.delete(of);
      else troubles.set(of, words);
    },
    report: () => ({
      counts,
      delays,
      prices,
      waiting: troubles.get("database"),
      stuck: troubles.get("kafka"),
    }),
  };
}
