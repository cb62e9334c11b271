import type { Gap } from "../shared/streams/gap.ts";

/** Why a stream has a hole. */
export type Reason = "lost connection" | "mute stream" | "restart" | "buffer overflow";

/** Keeps account of the holes in a stream: each becomes a row of the gap ledger. */
export interface Ledger {
  /** A good message came, with the exchange's time in ms; returns the gap that it ends. */
  seen(symbol: string, eventTime: number): Gap | undefined;
  /** Nothing comes for these symbols any more. A hole that is open already stays as it is. */
  lost(symbols: Iterable<string>, reason: Reason): void;
  /** What came between two event times was not received, though nothing was lost at the time. */
  missed(symbol: string, from: number, to: number): Gap;
  /** The newest record of the symbol before this worker started, ms: since then it may have missed something. */
  startedAfter(symbol: string, eventTime: number): Gap | undefined;
  /** A message was dropped from the full buffer. */
  dropped(symbol: string, eventTime: number): void;
  /** A message of the symbol is sent: what is dropped after it makes another gap. */
  sent(symbol: string): void;
  /** The gaps made by what was dropped so far. */
  takeDropped(): Gap[];
  /** The worker ends at `now`: the holes that are open. */
  close(now: number): Gap[];
}

/** Gaps that a full buffer may make before they are told: past that, the last one of a symbol goes on. */
const MOST_UNTOLD = 1_000;

/** An empty ledger of the stream; `now` in ms is when the worker started. */
export function createLedger(stream: string, now: number): Ledger {
  const last = new Map<string, number>();
  const first = new Map<string, number>();
  const open = new Map<string, { startedAt: number; reason: Reason }>();
  let untold: Gap[] = [];
  /** The gap of each symbol that goes on with the next message that is dropped. */
  const spells = new Map<string, Gap>();

  const gap = (symbol: string, startedAt: number, endedAt: number, reason: Reason): Gap => ({
    stream,
    symbol,
    startedAt,
    // Two connections may disagree by some ms on the time of one event.
    endedAt: Math.max(startedAt, endedAt),
    reason,
    dropped: null,
  });

  return {
    seen(symbol, eventTime) {
      if (!first.has(symbol)) first.set(symbol, eventTime);
      const hole = open.get(symbol);
      if (hole) open.delete(symbol);
      if (hole || eventTime > (last.get(symbol) ?? 0)) last.set(symbol, eventTime);
      return hole && gap(symbol, hole.startedAt, eventTime, hole.reason);
    },
    lost(symbols, reason) {
      for (const symbol of symbols) {
        if (!open.has(symbol)) open.set(symbol, { startedAt: last.get(symbol) ?? now, reason });
      }
    },
    missed: (symbol, from, to) => gap(symbol, from, to, "lost connection"),
    startedAfter(symbol, eventTime) {
      const next = first.get(symbol);
      if (next !== undefined) return gap(symbol, eventTime, next, "restart");
      open.set(symbol, { startedAt: eventTime, reason: "restart" });
    },
    dropped(symbol, eventTime) {
      // A gap's start is part of its key: two that begin in the same ms are one.
      let spell = spells.get(symbol) ??
        untold.find((one) => one.symbol === symbol && one.startedAt === eventTime);
      if (!spell) {
        spell = { ...gap(symbol, eventTime, eventTime, "buffer overflow"), dropped: 0 };
        untold.push(spell);
      }
      spells.set(symbol, spell);
      spell.startedAt = Math.min(spell.startedAt, eventTime);
      spell.endedAt = Math.max(spell.endedAt, eventTime);
      spell.dropped!++;
    },
    sent(symbol) {
      if (untold.length < MOST_UNTOLD) spells.delete(symbol);
    },
    takeDropped() {
      const gaps = untold;
      untold = [];
      spells.clear();
      return gaps;
    },
    close(now) {
      const gaps = [...open].map(([symbol, { startedAt, reason }]) => gap(symbol, startedAt, now, reason));
      open.clear();
      return gaps;
    },
  };
}
