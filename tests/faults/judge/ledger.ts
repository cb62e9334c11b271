import type { Gap } from "../../../shared/streams/gap.ts";

/** The gap ledger, to be asked about messages by the exchange's time `E` in ms. */
export interface Ledger {
  /** Whether a gap of the stream and symbol has that time within its bounds, both of which belong to it. */
  covers(stream: string, symbol: string, time: number): boolean;
  /** Whether the time is so far within a gap that a message of that time must be missing. */
  claims(stream: string, symbol: string, time: number): boolean;
}

/** Two connections may disagree on `E` by as much, in ms: a gap's two ends may come from one each. */
export const OFFSET_MS = 9;

export function createLedger(gaps: readonly Gap[]): Ledger {
  const of = Map.groupBy(gaps, ({ stream, symbol }) => `${stream} ${symbol}`);
  /** Whether the time is in a gap that is made wider at both ends by `margin`. */
  const isWithin = (stream: string, symbol: string, time: number, margin: number) =>
    (of.get(`${stream} ${symbol}`) ?? []).some(({ startedAt, endedAt }) =>
      startedAt - margin <= time && time <= endedAt + margin
    );
  return {
    covers: (stream, symbol, time) => isWithin(stream, symbol, time, OFFSET_MS),
    claims: (stream, symbol, time) => isWithin(stream, symbol, time, -OFFSET_MS - 1),
  };
}
