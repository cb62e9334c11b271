import type { Place } from "./frontier.ts";

/** An interval of a feed, from `from` on and before `to`, in ms of the exchange's time; `to` is Infinity while it goes on. */
export interface Span {
  from: number;
  to: number;
  /** Why it ended; `open` while it goes on. */
  reason: string;
  /** Messages that a full buffer dropped after it. */
  dropped: number | null;
  /** Its end may be told once this is settled: a producer that is killed before would have told too much. */
  place: Place;
  /** Nothing of it is told while the session is covered no further: that is a claim of the connection before. */
  readonly notBefore: number;
  /** What was told of it last. */
  told?: Pick<Span, "from" | "to" | "reason" | "dropped">;
}

/** What is missing of a feed within its intervals, from `from` on and before `to`. */
export interface Hole {
  from: number;
  to: number;
  readonly reason: string;
  dropped: number | null;
  place: Place;
  /** The interval that it ended. */
  before?: Span;
}

/** Intervals of a feed that wait to be told, past which older ones are forgotten: then the gap around them is told as a longer one. */
export const MOST_WAITING = 64;

/** Begins an interval at the end of a feed's intervals. Two of one beginning would be one row. */
export function openSpan(spans: Span[], from: number, notBefore: number): void {
  const oldest = spans.findIndex(({ told }) => !told);
  if (spans.length >= MOST_WAITING && oldest >= 0) spans.splice(oldest, 1);
  spans.push({ from, to: Infinity, reason: "open", dropped: null, place: [], notBefore });
}

/** Ends the interval that goes on, if any. */
export function closeSpan(spans: readonly Span[], to: number, reason: string, place: Place): void {
  const span = spans.at(-1);
  if (span?.to !== Infinity) return;
  Object.assign(span, { to: Math.max(span.from, to), reason, place });
}

/** Takes a hole out of a feed's intervals; one that has grown since is taken out anew. */
export function takeOut(spans: Span[], hole: Hole): void {
  for (const span of [...spans]) {
    if (span.to <= hole.from || span.from >= hole.to) continue;
    const rest: Span = { ...span, from: hole.to, told: undefined };
    const isBefore = span.from < hole.from;
    if (isBefore || span.told) {
      // An interval's beginning is its identity: where it was told, the row has to end.
      Object.assign(span, {
        to: Math.max(span.from, hole.from),
        reason: hole.reason,
        dropped: null,
        place: hole.place,
      });
      if (isBefore) hole.before = span;
      if (rest.from < rest.to) spans.splice(spans.indexOf(span) + 1, 0, rest);
    } else if (rest.from < rest.to) span.from = rest.from;
    else spans.splice(spans.indexOf(span), 1);
  }
  if (hole.before) hole.before.dropped = hole.dropped;
}
