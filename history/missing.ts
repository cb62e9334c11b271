import type { Span } from "./plan.ts";

/**
 * The spans of candles that are not there.
 *
 * @param present when the candles that are there open, in order, in ms since the epoch
 * @param length of a candle, in ms; the span begins and ends at candles
 */
export function missingSpans(present: readonly number[], { since, until }: Span, length: number): Span[] {
  const spans: Span[] = [];
  let next = since;
  for (const open of [...present, until]) {
    if (open > next) spans.push({ since: next, until: open });
    next = open + length;
  }
  return spans;
}
