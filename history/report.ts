import { lengthOf } from "./interval.ts";
import { DAY, joined, type Span } from "./plan.ts";
import { type Listing, nameOf, type Series } from "./series.ts";

/** The archive's file of a day is there two days later at the latest. Binance: github.com/binance/binance-public-data. */
const PUBLISHED_MS = 2 * DAY;

/** What there is of a series. */
export interface Tally {
  readonly name: string;
  /** What is counted: `candles`, or `days`. */
  readonly unit: string;
  readonly expected: number;
  readonly present: number;
  /** What the exchange has not, either. */
  readonly absent: number;
  /** What is neither: in a file that was refused or is not published yet. */
  readonly missing: number;
}

/** How many candles were compared with REST's, and what came of it. */
export interface Audit {
  readonly compared: number;
  /** Of those: they differed, and REST's took their place. */
  readonly replaced: number;
  /** Candles that REST has not. */
  readonly lacking: number;
}

/** The part of a span whose candles have ended, or whose days are over. */
export function endedSpan({ interval }: Pick<Series, "interval">, { since, until }: Span): Span {
  const length = lengthOf(interval) ?? DAY;
  return { since, until: until - until % length };
}

/** The days of a listing that have no file, and of which there will be none. */
export function absentDays({ lacking }: Listing, now: number): number {
  return lacking.filter(({ until }) => until + PUBLISHED_MS <= now)
    .reduce((days, { since, until }) => days + (until - since) / DAY, 0);
}

/**
 * The spans of candles that the archive does not have, as far as they are final: of those REST is asked.
 * @param rowsOf the rows of an imported file; undefined if it was not imported
 */
export function spansToAsk(
  { series, found, lacking }: Listing,
  span: Span,
  now: number,
  rowsOf: (path: string) => number | undefined,
): Span[] {
  const ended = endedSpan(series, span);
  const today = { since: Math.floor(now / DAY) * DAY, until: ended.until };
  const withHoles = found.map(({ file }) => file).filter(({ path, period: { since, until } }) => {
    const rows = rowsOf(path);
    return rows !== undefined && rows < (until - since) / lengthOf(series.interval)!;
  });
  return joined([...lacking, ...withHoles.map(({ period }) => period), today])
    .map(({ since, until }) => ({ since: Math.max(since, ended.since), until: Math.min(until, ended.until) }))
    .filter(({ since, until }) => since < until);
}

/**
 * What the files say of how many candles are present, so that not all of them need be counted: files without a hole have all. `rest` are
 * the other spans.
 */
export function presentInFiles(
  { series, found }: Listing,
  span: Span,
  rowsOf: (path: string) => number | undefined,
): { readonly rows: number; readonly rest: readonly Span[] } {
  const { since, until } = endedSpan(series, span);
  const length = lengthOf(series.interval)!;
  const whole = joined(
    found.filter(({ file: { path, period } }) => rowsOf(path) === (period.until - period.since) / length)
      .map(({ file }) => file.period),
  );
  const rest: Span[] = [];
  let next = since;
  for (const one of [...whole, { since: until, until }]) {
    if (one.since > next) rest.push({ since: next, until: one.since });
    next = one.until;
  }
  return { rows: whole.reduce((rows, one) => rows + (one.until - one.since) / length, 0), rest };
}

/**
 * Counts what there is of a series.
 * @param present rows in the table; of a stream without intervals days
 */
export function tallyOf(series: Series, span: Span, present: number, absent: number): Tally {
  const { since, until } = endedSpan(series, span);
  const expected = Math.max(0, (until - since) / (lengthOf(series.interval) ?? DAY));
  const missing = Math.max(0, expected - present - absent);
  const unit = series.interval === "" ? "days" : "candles";
  return {
    name: nameOf(series),
    unit,
    expected,
    present,
    absent: Math.max(0, Math.min(absent, expected - present)),
    missing,
  };
}

/** What is gone of files that were imported, in a line a series that lacks anything. */
export function renderLost(
  listings: readonly Listing[],
  stored: ReadonlyMap<string, { readonly lost: number }>,
): string[] {
  return listings.flatMap(({ series, found }) => {
    const lost = found.map(({ file }) => stored.get(file.path)?.lost ?? 0).filter((rows) => rows > 0);
    if (lost.length === 0) return [];
    const rows = lost.reduce((sum, one) => sum + one).toLocaleString("en");
    return [`${nameOf(series)}: ${rows} rows of imported files are gone: imports ${lost.length} files anew`];
  });
}

/** What came of a comparison with REST, in a line. */
export function renderAudit({ compared, replaced, lacking }: Audit): string {
  const [all, wrong, none] = [compared, replaced, lacking].map((count) => count.toLocaleString("en"));
  return `${all} candles compared with REST now: ${wrong} differed and are replaced, ${none} are not there`;
}

/** The tallies as a table, a line a series. */
export function renderTallies(tallies: readonly Tally[]): string[] {
  const heading = ["", "", "expected", "present", "absent at the source", "missing"];
  const rows = tallies.map(({ name, unit, ...counts }) => [
    name,
    unit,
    ...[counts.expected, counts.present, counts.absent, counts.missing].map((count) =>
      count.toLocaleString("en")
    ),
  ]);
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) =>
    row.map((cell, column) => column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])).join(
      "  ",
    )
  );
}
