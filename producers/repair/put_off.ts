import { feedKey, type Range } from "./ranges.ts";

/** What is asked of the exchange later, as its answer could not be used: the longer, the more often that happened. */
export interface PutOff {
  has(range: Range): boolean;
  /** Whether it was put off before, and was not answered since. */
  wasOff(range: Range): boolean;
  /** Puts a range off, or all of its feed. */
  add(range: Range, isFeed: boolean): void;
  /** A range was answered. */
  delete(range: Range): void;
  /** The feeds of which something is put off, see `feedKey`. */
  feeds(): string[];
}

interface Entry {
  readonly feed: string;
  readonly failures: number;
  readonly until: number;
}

/** How long nothing is asked, in ms: at first, and at most. It doubles. */
const LEAST_MS = 30_000;
const MOST_MS = 300_000;

/** Nothing is put off yet. */
export function createPutOff(): PutOff {
  const entries = new Map<string, Entry>();
  // The first position moves on as a part of the range is answered.
  const keyOf = (range: Range) => `${feedKey(range)} ${range.last}`;
  const isOff = (key: string) => performance.now() < (entries.get(key)?.until ?? 0);
  return {
    has: (range) => isOff(feedKey(range)) || isOff(keyOf(range)),
    wasOff: (range) => entries.has(feedKey(range)) || entries.has(keyOf(range)),
    add(range, isFeed) {
      const feed = feedKey(range);
      const key = isFeed ? feed : keyOf(range);
      const failures = (entries.get(key)?.failures ?? 0) + 1;
      const ms = Math.min(MOST_MS, LEAST_MS * 2 ** (failures - 1));
      entries.set(key, { feed, failures, until: performance.now() + ms });
    },
    delete(range) {
      entries.delete(feedKey(range));
      entries.delete(keyOf(range));
    },
    feeds() {
      const now = performance.now();
      for (const [key, { until }] of entries) if (until + MOST_MS < now) entries.delete(key);
      const off = [...entries.values()].filter(({ until }) => now < until);
      return [...new Set(off.map(({ feed }) => feed))];
    },
  };
}
