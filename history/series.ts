import type { Stream } from "../shared/stream.ts";
import type { Archive } from "./archive.ts";
import { type ArchiveFile, fileOf } from "./files.ts";
import { daysOf, type Period, periodsOf, type Span } from "./plan.ts";
import type { Market } from "../shared/exchange/markets/mod.ts";

/** What is imported of one stream, symbol and interval. */
export interface Series {
  readonly stream: Stream;
  readonly symbol: string;
  /** Empty if the stream has none. */
  readonly interval: string;
}

/** A file that the archive has. */
export interface Found {
  readonly series: Series;
  readonly file: ArchiveFile;
  readonly sha256: string;
}

/** What the archive has of a series. */
export interface Listing {
  readonly series: Series;
  /** The newest first. */
  readonly found: readonly Found[];
  /** What there is no file of. */
  readonly lacking: readonly Period[];
}

/** `BTCUSDT 1m`, or `BTCUSDT trade`. */
export function nameOf({ stream, symbol, interval }: Series): string {
  return `${symbol} ${interval || stream.message.name}`;
}

/**
 * Finds the files that cover a span of a series. A month that has no file is looked for by days. If it has no file of its first and of its
 * last day either, it has none of any: the symbol did not exist.
 *
 * @param checksumOf asks the archive, or fails for good
 */
export async function listFiles(
  series: Series,
  span: Span,
  market: Pick<Market, "archivePath">,
  now: number,
  checksumOf: Archive["checksumOf"],
): Promise<Listing> {
  const { stream: { archive }, symbol, interval } = series;
  const found: Found[] = [];
  const lacking: Period[] = [];
  const look = async (period: Period): Promise<boolean> => {
    const file = fileOf(market, archive!, symbol, interval, period);
    const sha256 = await checksumOf(file);
    if (sha256 !== undefined) found.push({ series, file, sha256 });
    return sha256 !== undefined;
  };
  const lookByDays = async (month: Period) => {
    const days = daysOf(month);
    const edges = [days[0], days.at(-1)!];
    const hasEdge = [await look(edges[0]), await look(edges[1])];
    if (!hasEdge.includes(true)) return void lacking.push(month);
    lacking.push(...edges.filter((_, n) => !hasEdge[n]));
    for (const day of days.slice(1, -1)) if (!await look(day)) lacking.push(day);
  };
  for (const period of periodsOf(span, archive!.byMonth, now)) {
    if (await look(period)) continue;
    if (period.unit === "monthly") await lookByDays(period);
    else lacking.push(period);
  }
  return { series, found: found.toSorted((a, b) => b.file.period.since - a.file.period.since), lacking };
}
