import { lengthOf } from "./interval.ts";
import { DAY, type Span } from "./plan.ts";
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
  /** What is neither: not published yet, or not imported because of an error. */
  readonly missing: number;
}

/** The part of a span whose candles have ended, or whose days are over. */
export function endedSpan({ interval }: Pick<Series, "interval">, { since, until }: Span): Span {
  const length = lengthOf(interval) ?? DAY;
  return { since, until: until - until % length };
}

/**
 * Counts what there is of a series.
 * @param present rows in the table; of a stream without intervals days
 * @param rowsOf the rows of an imported file; undefined if it was not imported
 */
export function tallyOf(
  { series, found, lacking }: Listing,
  span: Span,
  now: number,
  present: number,
  rowsOf: (path: string) => number | undefined,
): Tally {
  const { interval } = series;
  const length = lengthOf(interval) ?? DAY;
  const size = ({ since, until }: Span) => (until - since) / length;
  const expected = Math.max(0, size(endedSpan(series, span)));
  const unpublished = lacking.filter(({ until }) => until + PUBLISHED_MS <= now).map(size);
  const holes = interval === "" ? [] : found.flatMap(({ file: { path, period } }) => {
    const rows = rowsOf(path);
    return rows === undefined ? [] : [size(period) - rows];
  });
  const most = Math.max(0, expected - present);
  const absent = Math.min(most, [...unpublished, ...holes].reduce((sum, one) => sum + one, 0));
  const unit = interval === "" ? "days" : "candles";
  return { name: nameOf(series), unit, expected, present, absent, missing: most - absent };
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
