import { type Histogram, note } from "../shared/histogram.ts";
import type { Batch, Lost } from "../shared/kafka/mod.ts";
import type { Report } from "../shared/worker.ts";
import type { Outcome } from "./outcome.ts";

/** Keeps a consumer's counts. */
export interface Meter {
  /** The group has been joined anew, and partitions given out anew. */
  joined(): void;
  /** Notes what there is to be done: a batch has been read. */
  read(batch: Batch): void;
  /** Notes how long messages took that are rows by now, and the last prices. */
  stored(outcome: Outcome): void;
  /** Counts a batch whose offset has been committed. */
  committed(outcome: Outcome): void;
  /** Counts what Kafka deleted before it was stored; it may be told again, in part or with more. */
  lost(lost: Lost): void;
  trouble(of: "kafka" | "database", words: string | undefined): void;
  report(): Report;
}

/** Counts offsets once, however often they are read. */
export function createMeter(): Meter {
  const counts = { stored: 0, rejected: 0, expired: 0, legacy: 0, lost: 0, behind: 0 };
  const delays: Histogram = [];
  const prices: Record<string, string> = {};
  /** Of each partition that is read: the next message to be stored, and the end as last heard of. */
  const partitions = new Map<number, { next: number; end: number }>();
  let hasJoined = false;
  const counted = new Map<number, number>();
  /** Of each partition: from where to where messages have been counted as lost. */
  const holes = new Map<number, { from: number; to: number }>();
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
    stored({ receivedAt, prices: newer }) {
      const now = Date.now();
      for (const time of receivedAt) note(delays, now - time);
      Object.assign(prices, newer);
    },
    committed({ partition, nextOffset, offsets, fates }) {
      const from = counted.get(partition) ?? 0;
      for (const [place, offset] of offsets.entries()) {
        if (offset >= from) counts[fates[place]]++;
      }
      counted.set(partition, Math.max(Number(nextOffset), from));
      const read = partitions.get(partition);
      if (read) read.next = Number(nextOffset);
    },
    lost({ partition, from, to }) {
      const hole = holes.get(partition) ?? { from, to: from };
      const known = Math.min(to, hole.to) - Math.max(from, hole.from);
      counts.lost += to - from - Math.max(0, known);
      holes.set(partition, { from: Math.min(from, hole.from), to: Math.max(to, hole.to) });
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
