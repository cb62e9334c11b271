import { createWindow, type Histogram, note } from "../shared/telemetry/histogram.ts";
import type { Batch, Lost } from "../shared/kafka/mod.ts";
import type { Observed } from "../shared/telemetry/telemetry.ts";
import type { Outcome } from "./outcome.ts";

/** Which server a trouble is with. */
export type Trouble = "database" | "kafka";

/** Keeps a consumer's counts. */
export interface Meter {
  /** Notes that the group was joined, with these partitions. */
  joined(partitions: readonly number[]): void;
  /** Notes that a batch was read and is still to be stored. */
  read(batch: Batch): void;
  /** Notes the delays of messages that were stored, and the last prices. */
  stored(outcome: Outcome): void;
  /** Counts a batch whose offset has been committed. */
  committed(outcome: Outcome): void;
  /** Counts messages that Kafka deleted before they were stored. The same range may come again, in part or with more. */
  lost(lost: Lost): void;
  /**
   * Notes why the consumer makes no progress, one reason a kind; undefined ends it. If `isLasting`, a person must act and the
   * report says `stuck`; otherwise it says `waiting`.
   */
  trouble(kind: Trouble, words: string | undefined, isLasting?: boolean): void;
  /** The partitions of this consumer; undefined until it has joined the group. */
  readonly assigned: readonly number[] | undefined;
  /** How many batches were committed. */
  readonly commits: number;
  /** Whether a trouble of that kind is noted. */
  isTroubled(kind: Trouble): boolean;
  /** Messages on Kafka that are not stored yet, as far as is known. */
  behind(): number;
  report(): Observed;
}

/** Makes a meter that counts each offset once, however often it is read. */
export function createMeter(): Meter {
  const counts = { stored: 0, rejected: 0, expired: 0, legacy: 0, lost: 0 };
  const delays: Histogram = [];
  const newest = createWindow(60_000);
  const prices: Record<string, string> = {};
  /** Of each partition that is read: the next offset to be stored, and the last known end. */
  const partitions = new Map<number, { next: number; end: number }>();
  let assigned: readonly number[] | undefined;
  const counted = new Map<number, number>();
  let commits = 0;
  /** Of each partition: the range of offsets that have been counted as lost. */
  const holes = new Map<number, { from: number; to: number }>();
  const troubles = new Map<Trouble, { words: string; isLasting: boolean }>();
  const behind = () => [...partitions.values()].reduce((sum, { next, end }) => sum + end - next, 0);
  return {
    joined(mine) {
      assigned = mine;
      partitions.clear();
    },
    read({ partition, messages, nextOffset, behind }) {
      const next = partitions.get(partition)?.next ?? Number(messages[0]?.offset ?? nextOffset);
      partitions.set(partition, { next, end: Number(nextOffset) + behind });
    },
    stored({ receivedAt, prices: newer }) {
      const now = Date.now();
      // deno-lint-ignore bookline/elapsed -- producers run on other machines, and have no other clock in common with this one
      for (const time of receivedAt) note(delays, now - time);
      Object.assign(prices, newer);
    },
    committed({ partition, nextOffset, offsets, results }) {
      commits++;
      const from = counted.get(partition) ?? 0;
      for (const [place, offset] of offsets.entries()) {
        if (offset >= from) counts[results[place]]++;
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
    trouble(kind, words, isLasting = false) {
      if (words === undefined) troubles.delete(kind);
      else troubles.set(kind, { words, isLasting });
    },
    get assigned() {
      return assigned;
    },
    get commits() {
      return commits;
    },
    isTroubled: (kind) => troubles.has(kind),
    behind,
    report() {
      const wordsOf = (lasting: boolean) =>
        [...troubles.values()].find(({ isLasting }) => isLasting === lasting)?.words;
      const starting = assigned ? undefined : "the consumer group has not been joined yet";
      const recentDelays = newest(delays, performance.now());
      return {
        counts: { ...counts, behind: behind(), partitions: assigned?.length ?? 0 },
        delays,
        recentDelays,
        prices,
        waiting: wordsOf(false) ?? starting,
        stuck: wordsOf(true),
      };
    },
  };
}
