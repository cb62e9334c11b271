import type { Interval } from "./gaps.ts";

/** A gap may begin so long before the loss that it tells of, in ms. */
export const EARLY_MS = 2_500;
/** A gap may end so long after that loss, in ms. */
export const LATE_MS = 1_000;
/** Two connections may disagree on `E` by as much, in ms: a gap's two ends may come from one each. */
export const OFFSET_MS = 9;

/** Judges a gap by the messages of its feed, of which it is told in the order of their time. */
export interface Bounds {
  stored(time: number): void;
  /** A message within the gap is not stored. */
  missing(): void;
  /** What is wrong with the gap, in words, once all is told. */
  fault(): string | undefined;
}

/**
 * A loss is somewhere between a stored message and the next stored one, so the gap may begin 2.5 s before the former and end 1 s
 * after the latter. Where messages come all the time that is 2.5 s before the first missing message and 1 s after the last. Where a
 * feed speaks seldom nobody can tell from its messages when the loss began. For the same reason a gap without a missing message is
 * right where it fits some two stored ones: a producer may be away while nothing happens. Of several losses in one gap, one begins
 * at most 3.5 s after the other's end: so long their gaps may overlap.
 */
export function createBounds({ from, to }: Pick<Interval, "from" | "to">, leewayMs = 0): Bounds {
  let last = -Infinity;
  let isMissing = false;
  /** From the message before the first loss to the one after the last. */
  let loss: { from: number; to: number } | undefined;
  let fits = false;
  let longestBetween = 0;

  const isEarly = (before: number) => from < before - EARLY_MS - OFFSET_MS - leewayMs;
  const isLate = (after: number) => to > after + LATE_MS + OFFSET_MS + leewayMs;
  const stored = (time: number) => {
    if (isMissing) {
      if (loss) longestBetween = Math.max(longestBetween, last - loss.to);
      loss = { from: loss?.from ?? last, to: time };
    } else if (!isEarly(last) && !isLate(time)) fits = true;
    isMissing = false;
    last = time;
  };
  return {
    stored,
    missing: () => void (isMissing = true),
    fault() {
      // What goes on at the end lacks all that would come.
      isMissing ||= to === Infinity;
      stored(Infinity);
      if (!loss) return fits ? undefined : "lies over messages that are all stored";
      if (isEarly(loss.from)) return `begins ${loss.from - from} ms before the last message before the loss`;
      if (isLate(loss.to)) return `ends ${to - loss.to} ms after the first message after the loss`;
      if (longestBetween > EARLY_MS + LATE_MS + 2 * leewayMs) {
        return `has ${longestBetween} ms of stored messages in it`;
      }
    },
  };
}
