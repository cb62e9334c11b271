import { withAggTrades } from "./agg_trades.ts";
import type { Events, MarketEvent } from "./event.ts";
import type { Cut } from "./market/aggregator.ts";
import { market } from "./market/market.ts";
import { recording } from "./recording.ts";

/** Data made up from a seed. */
export interface SimulatedFeed {
  readonly kind: "simulated";
  /** Upper case. */
  readonly symbols: readonly string[];
  readonly intervals: readonly string[];
  /** Messages a second of market time, over all streams. */
  readonly rate: number;
  readonly seed: number;
  /** ms since the epoch; by default the moment when playing starts. */
  readonly startTime?: number;
  /** Ends after so many messages; by default never. */
  readonly messages?: number;
  /** Whether aggregated trades end with their minute; by default they do. */
  readonly aggTrades?: Cut;
  /** Whether a symbol passes one minute in twenty without a trade; by default it does. */
  readonly quietMinutes?: boolean;
}

/** A recording, played as it was. */
export interface ReplayedFeed {
  readonly kind: "replayed";
  /** `.jsonl` or `.jsonl.gz` of envelopes. */
  readonly file: string;
  /** Upper case; others of the file are left out. */
  readonly symbols: readonly string[];
  /** Makes aggregated trades of its `@trade` frames, which end with their minute or do not; by default it makes none. */
  readonly aggTrades?: Cut;
}

export type Feed = SimulatedFeed | ReplayedFeed;

/** The feed's events from its beginning; called again it gives the same ones. `startTime` in ms since the epoch. */
export function eventsOf(feed: Feed, startTime: number): Events {
  if (feed.kind === "replayed") {
    const recorded = recording(feed.file, feed.symbols);
    return feed.aggTrades ? withAggTrades(recorded, feed.aggTrades) : recorded;
  }
  const events = market({ ...feed, startTime });
  return feed.messages === undefined ? events : first(feed.messages, events);
}

function* first(count: number, events: Iterable<MarketEvent>): Generator<MarketEvent> {
  for (const event of events) {
    if (count-- <= 0) return;
    yield event;
  }
}
