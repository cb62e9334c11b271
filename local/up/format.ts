/** `1234567` → `1,234,567`; null, which is not known → `–` */
export function formatCount(count: number | null): string {
  return count === null ? "–" : count.toLocaleString("en-US");
}

/** Messages a second: with a decimal below 10, and `0` for none. */
export function formatRate(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate));
}

/** In ms or s, in three digits or so. */
export function formatDelay(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 1_000 ? `${ms < 100 ? ms : Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** `00:01:30` */
export function formatTime(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0")).join(":");
}
