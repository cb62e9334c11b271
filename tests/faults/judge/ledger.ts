import { createBounds, EARLY_MS, LATE_MS, OFFSET_MS } from "./bounds.ts";
import type { Gap, Interval } from "./gaps.ts";

/** What became of a message that is not stored. */
export type Missing =
  /** A gap of its feed says so. */
  | "inGaps"
  /** Nobody wanted its feed then. */
  | "unwanted"
  /** A producer says that it was received and acked. */
  | "lost"
  /** Neither a producer nor the gap ledger says anything of it. */
  | "untold";

/** The gap ledger beside the truth. It is told of each feed's messages in the order of their time `E`, in ms. */
export interface Ledger {
  stored(feed: string, time: number): void;
  missing(feed: string, time: number): Missing;
  /** A message was rightly replaced, and it is not known whether it was received: it may be what a gap tells of. */
  replaced(feed: string, time: number): void;
  /** Gaps that are longer than what is missing explains, in words. To be asked once all is told. */
  overclaims(): string[];
}

/** What there is to be compared with the truth. */
export interface Claims {
  readonly gaps: readonly Gap[];
  /** What the producers say that they covered. */
  readonly covered: readonly Interval[];
  /** When a feed was in no producer's SYMBOLS. */
  readonly unwanted: readonly Interval[];
}

const byFeed = (intervals: readonly Interval[]) => Map.groupBy(intervals, ({ feed }) => feed);

/** @param leewayMs how much longer than by the design a gap may be at either end, where the machine has much else to do */
export function createLedger({ gaps, covered, unwanted }: Claims, leewayMs = 0): Ledger {
  const feeds = new Map([...Map.groupBy(gaps, ({ feed }) => feed)].map(([feed, some]) => [
    feed,
    some.map((gap) => ({ gap, bounds: createBounds(gap, leewayMs) })),
  ]));
  const [coveredOf, unwantedOf] = [byFeed(covered), byFeed(unwanted)];
  const isIn = (of: Map<string, Interval[]>, feed: string, time: number, margin: number) =>
    (of.get(feed) ?? []).some(({ from, to }) => from - margin <= time && time < to + margin);
  const around = (feed: string, time: number) =>
    (feeds.get(feed) ?? []).filter(({ gap: { from, to } }) =>
      from - OFFSET_MS <= time && time < to + OFFSET_MS
    );
  return {
    stored(feed, time) {
      for (const { bounds } of feeds.get(feed) ?? []) bounds.stored(time);
    },
    missing(feed, time) {
      if (isIn(unwantedOf, feed, time, 0)) return "unwanted";
      const gaps = around(feed, time);
      for (const { bounds } of gaps) bounds.missing();
      if (gaps.length > 0) return "inGaps";
      return isIn(coveredOf, feed, time, -OFFSET_MS) ? "lost" : "untold";
    },
    replaced(feed, time) {
      for (const { bounds } of around(feed, time)) bounds.missing();
    },
    overclaims: () =>
      [...feeds.values()].flat().flatMap(({ gap, bounds }) => {
        const isUnwanted = (unwantedOf.get(gap.feed) ?? []).some(({ from, to }) =>
          gap.from < to - LATE_MS && gap.to > from + EARLY_MS
        );
        const fault = isUnwanted ? "lies where nobody wanted its feed" : bounds.fault();
        return fault ? [`${JSON.stringify(gap)} ${fault}`] : [];
      }),
  };
}
