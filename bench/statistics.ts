/** A figure that was measured several times. */
export interface Measured {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/**
 * The median and the spread of some figures.
 * @throws {RangeError} if there are none
 */
export function measured(values: readonly number[]): Measured {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: percentile(sorted, 0.5), least: sorted[0], most: sorted[sorted.length - 1] };
}

/**
 * The value below or at which the share `p` (0 … 1) of them lies, between two of them in proportion.
 * @param sorted in rising order
 * @throws {RangeError} if there are none
 */
export function percentile(sorted: readonly number[], p: number): number {
  if (sorted.length === 0) throw new RangeError("Cannot compute a percentile as there must be figures");
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** Rounded to so many significant digits. */
export function rounded(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}
