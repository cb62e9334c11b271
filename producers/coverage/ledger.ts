import type { Gap } from "../../shared/streams/gap.ts";

/** Why nothing came on a feed. */
export type Reason = "lost connection" | "mute stream" | "restart";

/** Tracks the holes in what was received of each feed. Each hole becomes a row of the gap ledger. */
export interface Ledger {
  /** A good message came, with the exchange's time in ms. Returns the gap that it ends. */
  seen(stream: string, eventTime: number): Gap | undefined;
  /** These feeds are subscribed at `now`, in ms since the epoch: what comes from then on is received. */
  subscribed(streams: Iterable<string>, now: number): void;
  /** Nothing comes on these feeds any more. A hole that is open stays as it is; a feed that was never subscribed has none. */
  lost(streams: Iterable<string>, reason: Reason): void;
  /** What came between two event times was not received, though nothing was lost at the time. */
  missed(stream: string, from: number, to: number): Gap;
  /** The time in ms of the newest record of the feed before this worker started: what came later may be missing. */
  startedAfter(stream: string, eventTime: number): Gap | undefined;
  /** The event time of the newest message of any of these feeds; the start of the worker if there was none. */
  newest(streams: readonly string[]): number;
  /** The worker ends at `now`. Returns the holes that are open, by feed. */
  close(now: number): Map<string, Gap>;
}

/**
 * An empty ledger of the stream `name`; `now` in ms is when the worker started. Each feed has holes of its own, as it is lost and comes
 * back by itself. `symbols` has the symbol of each feed, for the row.
 */
export function createLedger(name: string, symbols: ReadonlyMap<string, string>, now: number): Ledger {
  const last = new Map<string, number>();
  const first = new Map<string, number>();
  const subscribedAt = new Map<string, number>();
  const open = new Map<string, { startedAt: number; reason: Reason }>();

  const gap = (stream: string, startedAt: number, endedAt: number, reason: Reason): Gap => ({
    stream: name,
    symbol: symbols.get(stream) ?? stream,
    startedAt,
    // Two connections may disagree by some ms on the time of one event.
    endedAt: Math.max(startedAt, endedAt),
    reason,
    dropped: null,
  });

  return {
    seen(stream, eventTime) {
      if (!first.has(stream)) first.set(stream, eventTime);
      const hole = open.get(stream);
      if (hole) open.delete(stream);
      if (hole || eventTime > (last.get(stream) ?? 0)) last.set(stream, eventTime);
      return hole && gap(stream, hole.startedAt, eventTime, hole.reason);
    },
    subscribed(streams, now) {
      for (const stream of streams) if (!subscribedAt.has(stream)) subscribedAt.set(stream, now);
    },
    lost(streams, reason) {
      for (const stream of streams) {
        // A feed on which nothing has come yet is covered since it was subscribed.
        const startedAt = last.get(stream) ?? subscribedAt.get(stream);
        if (startedAt !== undefined && !open.has(stream)) open.set(stream, { startedAt, reason });
      }
    },
    missed: (stream, from, to) => gap(stream, from, to, "lost connection"),
    startedAfter(stream, eventTime) {
      const next = first.get(stream);
      if (next !== undefined) return gap(stream, eventTime, next, "restart");
      open.set(stream, { startedAt: eventTime, reason: "restart" });
    },
    newest: (streams) => Math.max(...streams.map((stream) => last.get(stream) ?? now)),
    close(now) {
      const gaps = new Map(
        [...open].map(([stream, { startedAt, reason }]) => [stream, gap(stream, startedAt, now, reason)]),
      );
      open.clear();
      return gaps;
    },
  };
}
