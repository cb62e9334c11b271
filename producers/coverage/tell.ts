import { isSettled, type Progress } from "./frontier.ts";
import type { Hole, Span } from "./spans.ts";

/** What is told of an interval. */
export type Told = Pick<Span, "from" | "to" | "reason" | "dropped">;

/**
 * What is to be told of a feed's intervals by now; those that need not be told again are taken out. `coveredTo`: how far the
 * session is covered. `silentSince`: up to when the feed
 * is known to be covered, where it has been silent for too long. While a buffer goes on dropping messages, `hole` is what it dropped.
 */
export function tellSpans(
  spans: Span[],
  coveredTo: number,
  hole: Hole | undefined,
  silentSince: number | undefined,
  outlets: readonly Progress[],
): Told[] {
  const told: Told[] = [];
  /** Returns whether the interval is kept. */
  const tell = (span: Span): boolean => {
    // Where it begins is not known yet.
    if (span.from === hole?.to) return true;
    const hasEnded = span.to < Infinity;
    if (!hasEnded && !span.told && coveredTo <= span.notBefore) return true;
    if (hasEnded && !isSettled(span.place, outlets)) return true;
    const { from, dropped } = span;
    const to = hasEnded ? span.to : Math.max(from, silentSince ?? from);
    const reason = hasEnded || silentSince === undefined ? span.reason : "silent";
    const isKnown = span.told?.to === to && span.told.reason === reason && span.told.dropped === dropped;
    const isNothing = hasEnded && !span.told && to <= from;
    if (!isKnown && !isNothing) told.push(span.told = { from, to, reason, dropped });
    return !hasEnded || span === hole?.before;
  };
  const kept = spans.filter(tell);
  if (kept.length < spans.length) spans.splice(0, spans.length, ...kept);
  return told;
}
