import { type Histogram, merge } from "../../shared/telemetry/histogram.ts";
import type { Report } from "../../shared/telemetry/report.ts";

/** What a worker has done, over all its restarts. */
export interface Totals {
  readonly counts: Record<string, number>;
  readonly delays: Histogram;
  /** Of the last minute. */
  readonly recentDelays: Histogram;
  readonly prices: Record<string, string>;
}

export const nothing: Totals = { counts: {}, delays: [], recentDelays: [], prices: {} };

/** What a worker that has ended did: what it still held in its memory, `buffered`, is gone, `unsent`. */
export function atEnd({ counts, ...rest }: Report): Report {
  const { buffered = 0, ...done } = counts;
  return { ...rest, counts: buffered > 0 ? { ...done, unsent: buffered } : done };
}

/** What was done by earlier runs of a worker and by this one. */
export function addTotals(earlier: Totals, now: Report): Totals {
  const counts = { ...earlier.counts };
  for (const [name, count] of Object.entries(now.counts)) counts[name] = (counts[name] ?? 0) + count;
  return {
    counts,
    delays: merge([earlier.delays, now.delays ?? []]),
    recentDelays: now.recentDelays ?? [],
    prices: { ...earlier.prices, ...now.prices },
  };
}

/** The counts of a stream; `rows` is null if they can't be counted. */
export type Counts = Record<(typeof countNames)[number], number> & { rows: number | null };

const countNames = [
  "received",
  "produced",
  "rejected",
  "dropped",
  "merged",
  "duplicate",
  "stored",
  "expired",
  "legacy",
  "lost",
  "buffered",
  "unsent",
] as const;

/** A stream's counts from those of its producer and of its consumer: what both reject is added up. */
export function streamCounts(producer: Totals, consumer: Totals, rows: number | null): Counts {
  const sums = Object.fromEntries(
    countNames.map((name) => [name, (producer.counts[name] ?? 0) + (consumer.counts[name] ?? 0)]),
  ) as Record<(typeof countNames)[number], number>;
  return { ...sums, rows };
}
