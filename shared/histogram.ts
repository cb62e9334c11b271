/** Counts of durations in buckets that grow by a tenth: percentiles within 10 %, in bounded memory. */
export type Histogram = number[];

const GROWTH = Math.log(1.1);

/** Notes one duration in ms; what is below a tenth of a ms counts as that. */
export function note(histogram: Histogram, ms: number, times = 1): void {
  const bucket = Math.max(0, Math.ceil(Math.log(Math.max(ms, 0.1) * 10) / GROWTH));
  while (histogram.length <= bucket) histogram.push(0);
  histogram[bucket] += times;
}

/** The duration in ms that the share `p` (0 … 1) of them did not exceed; null where none was noted. */
export function percentile(histogram: Histogram, p: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let rest = Math.max(1, Math.ceil(total * p));
  const bucket = histogram.findIndex((count) => (rest -= count) <= 0);
  return Number((Math.exp(bucket * GROWTH) / 10).toPrecision(3));
}

/** All the durations of several histograms in one. */
export function merge(histograms: readonly Histogram[]): Histogram {
  const length = Math.max(0, ...histograms.map((one) => one.length));
  return Array.from({ length }, (_, i) => histograms.reduce((sum, one) => sum + (one[i] ?? 0), 0));
}
