/** A span of time in ms since the epoch, `until` exclusive; both at midnight UTC where days are meant. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

/** A span that the archive has as one file, if it has one. */
export interface Period extends Span {
  readonly unit: "monthly" | "daily";
}

export const DAY = 86_400_000;

/** A candle is final so long after its end, in ms. */
export const FINAL_MS = 10_000;

/** The date of a file of a period: `2024-09`, or `2024-09-14`. */
export function dateOf({ unit, since }: Period): string {
  return new Date(since).toISOString().slice(0, unit === "monthly" ? 7 : 10);
}

/**
 * The periods whose files cover a span of days, the newest first: whole months that are over by `now`, where the stream is read by
 * months, and days for the rest. The day of `now` and later ones are left out, as their files can't be there yet.
 */
export function periodsOf({ since, until }: Span, byMonth: boolean, now: number): Period[] {
  const end = Math.min(until, now - now % DAY);
  const periods: Period[] = [];
  for (let at = since; at < end;) {
    const next = nextMonth(at);
    const isMonth = byMonth && at === monthOf(at) && next <= end;
    periods.push(isMonth ? { unit: "monthly", since: at, until: next } : dayAt(at));
    at = periods.at(-1)!.until;
  }
  return periods.reverse();
}

/** The days of a period, the newest first. */
export function daysOf({ since, until }: Span): Period[] {
  return Array.from({ length: (until - since) / DAY }, (_, n) => dayAt(since + n * DAY)).reverse();
}

const dayAt = (since: number): Period => ({ unit: "daily", since, until: since + DAY });

function monthOf(time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

function nextMonth(time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

/** Spans in order, those that touch or overlap as one. */
export function joined(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const { since, until } of spans.toSorted((a, b) => a.since - b.since)) {
    const last = all.at(-1);
    if (last && since <= last.until) all[all.length - 1] = { ...last, until: Math.max(last.until, until) };
    else all.push({ since, until });
  }
  return all;
}
