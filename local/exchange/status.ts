import type { Clients } from "./clients/clients.ts";
import { kindOf } from "./event.ts";
import type { TradeFault } from "./faults/trade_faults.ts";
import type { Feed } from "./feed.ts";
import type { Player } from "./player.ts";
import type { Tally } from "./tally.ts";
import type { UsedWeight } from "./rest/weight.ts";

/** How an exchange stands. Counts by kind are by `bookTicker`, `kline`, `trade`, … */
export interface Status {
  readonly feed: Feed;
  /** Where a simulated market's time began, ms since the epoch; undefined before the first start. */
  readonly startTime?: number;
  readonly isPlaying: boolean;
  readonly isFinished: boolean;
  readonly played: number;
  readonly playedByKind: Record<string, number>;
  /** Good frames on their way to clients, each client counted; one that breaks off may not get its last ones. */
  readonly sentByKind: Record<string, number>;
  /** Connections ended so far, by cause. */
  readonly ended: Record<string, number>;
  /** What went wrong so far, by fault; `withheld` are frames that were not sent because of silence or muting. */
  readonly faults: Record<string, number>;
  /** The newest 1,000 of the aggregated trades that clients did not get, or got otherwise than the truth says. */
  readonly tradeFaults: readonly TradeFault[];
  /** Request weight: of this minute, the most of any minute so far, and how many requests were refused because of it. */
  readonly weight: UsedWeight["counts"];
  readonly connections: readonly {
    readonly id: number;
    readonly route: string;
    readonly offset: number;
    readonly backlog: number;
    readonly streams: readonly string[];
  }[];
}

export function statusOf(
  feed: Feed,
  startTime: number | undefined,
  player: Player,
  playedByStream: Tally,
  { sent, ended, faults, connections }: Clients,
  weight: UsedWeight["counts"],
): Status {
  return {
    feed,
    startTime,
    isPlaying: player.isPlaying,
    isFinished: player.isFinished,
    played: player.played,
    playedByKind: playedByStream.counts(kindOf),
    sentByKind: sent.counts(kindOf),
    ended: ended.counts(),
    faults: faults.done.counts(),
    tradeFaults: [...faults.trades],
    weight: { ...weight },
    connections: [...connections].map(({ id, address, offset, backlog, streams }) => ({
      id,
      route: address.route,
      offset,
      backlog,
      streams: [...streams],
    })),
  };
}
