/** Counts of durations in buckets that grow by a tenth: percentiles within 10 %, in bounded memory. */
export type Histogram = number[];

const GROWTH = Math.log(1.1);

/** Counts one duration in ms; less than a tenth of a ms counts as a tenth. */
export function note(histogram: Histogram, ms: number, times = 1): void {
  const bucket = Math.max(0, Math.ceil(Math.log(Math.max(ms, 0.1) * 10) / GROWTH));
  while (histogram.length <= bucket) histogram.push(0);
  histogram[bucket] += times;
}

/** The longest duration that a bucket counts, in ms. */
const longestOf = (bucket: number) => Math.exp(bucket * GROWTH) / 10;

/** How many durations exceed none of the bounds in ms, for each of the bounds. A bucket counts where all of it is below. */
export function cumulate(histogram: Histogram, bounds: readonly number[]): number[] {
  return bounds.map((bound) =>
    histogram.reduce((sum, count, bucket) => longestOf(bucket) <= bound ? sum + count : sum, 0)
  );
}

/** The sum of all durations in ms, at most 10 % too great. */
export function sumOf(histogram: Histogram): number {
  return histogram.reduce((sum, count, bucket) => sum + count * longestOf(bucket), 0);
}

/** The duration in ms that the share `p` (0 … 1) of them did not exceed; null if there are none. */
export function percentile(histogram: Histogram, p: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let rest = Math.max(1, Math.ceil(total * p));
  const bucket = histogram.findIndex((count) => (rest -= count) <= 0);
  return Number(longestOf(bucket).toPrecision(3));
}

/** All the durations of several histograms in one. */
export function merge(histograms: readonly Histogram[]): Histogram {
  const length = Math.max(0, ...histograms.map((one) => one.length));
  return Array.from({ length }, (_, i) => histograms.reduce((sum, one) => sum + (one[i] ?? 0), 0));
}

/** The median and the 99th percentile by the names of logs and health; empty if there are no durations. */
export function summaryOf(histogram: Histogram): { p50_ms?: number; p99_ms?: number } {
  const [p50_ms, p99_ms] = [0.5, 0.99].map((p) => percentile(histogram, p) ?? undefined);
  return p50_ms === undefined ? {} : { p50_ms, p99_ms };
}

/**
 * Returns a function that returns the newest durations of a histogram that only grows: those of the last `ms`, or up to a sixth
 * more. If it is called less often, it returns those since the last call. `now` is in ms of a monotonic clock.
 */
export function createWindow(ms: number): (histogram: Histogram, now: number) => Histogram {
  const copies: { at: number; histogram: Histogram }[] = [{ at: -Infinity, histogram: [] }];
  return (histogram, now) => {
    while (copies.length > 1 && copies[1].at <= now - ms) copies.shift();
    const earlier = copies[0].histogram;
    if (now - copies[copies.length - 1].at >= ms / 6) copies.push({ at: now, histogram: [...histogram] });
    return histogram.map((count, i) => count - (earlier[i] ?? 0));
  };
}
