import { createHash } from "node:crypto";
import { zipSync } from "fflate";
import type { Market } from "../../../shared/exchange/markets/mod.ts";
import { instrumentOf } from "../market/instrument.ts";
import { intervals } from "../market/interval.ts";
import { candleFields, candleHeader, tradeFields, tradeHeader } from "./csv.ts";
import { DAY, pastCandles, pastTrades } from "./past.ts";

/** What the archive is made of. Times are ms since the epoch. */
export interface ArchiveOptions {
  readonly market: Pick<Market, "archivePath">;
  /** Upper case. */
  readonly symbols: readonly string[];
  readonly seed: number;
  /** There is no file of a day that begins before. By default the first of January 2020. */
  readonly since?: number;
  /** There is no file of a day or month that is not over by then. */
  readonly until: () => number;
}

/** The first month whose files have a header. Binance: github.com/binance/binance-public-data, issue 246. */
const HEADERS_SINCE = "2022-05";

/** How many files are kept: each is asked for twice, since its checksum comes first. */
const KEPT = 64;

/** The answer to a path of the archive: a zip file or a checksum; undefined if there is no such file. */
export type SimulatedArchive = (path: string) => Uint8Array | undefined;

/** A zip file with this text as its one file, and the text of its checksum. */
export function packFile(name: string, csv: string): { zip: Uint8Array; checksum: string } {
  // With the time of now the same file would have another checksum each time.
  const zip = zipSync({ [`${name}.csv`]: new TextEncoder().encode(csv) }, { level: 1, mtime: "2024-01-01" });
  return { zip, checksum: `${createHash("sha256").update(zip).digest("hex")}  ${name}.zip\n` };
}

/** An archive of the past of a simulated market: files of candles of all intervals up to a day, and of aggregated trades. */
export function createArchive(options: ArchiveOptions): SimulatedArchive {
  const kept = new Map<string, ReturnType<typeof packFile>>();
  const fileAt = (path: string) => {
    const known = kept.get(path);
    if (known) return known;
    const file = fileOf(path, options);
    if (!file) return undefined;
    const packed = packFile(file.name, file.csv);
    kept.set(path, packed);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return packed;
  };
  return (path) => {
    const ofChecksum = path.endsWith(".CHECKSUM") ? path.slice(0, -".CHECKSUM".length) : undefined;
    const file = fileAt(ofChecksum ?? path);
    return file && (ofChecksum === undefined ? file.zip : new TextEncoder().encode(file.checksum));
  };
}

/** The file that a path names: its name without an ending, and its text. */
function fileOf(
  path: string,
  { market, symbols, seed, since = Date.UTC(2020, 0), until }: ArchiveOptions,
): { name: string; csv: string } | undefined {
  const [, root, unit, kind, folders, name] =
    /^(.+)\/(monthly|daily)\/(klines|aggTrades)\/(.+)\/([^/]+)\.zip$/.exec(decodeURI(path)) ?? [];
  const [symbol, interval = ""] = folders?.split("/") ?? [];
  const date = name?.slice(`${symbol}-${interval || kind}-`.length);
  const days = daysOf(unit, date ?? "");
  if (root !== market.archivePath || !symbols.includes(symbol) || !days) return undefined;
  if (name !== `${symbol}-${interval || kind}-${date}`) return undefined;
  if (kind === "klines" ? !intervals.includes(interval) : interval !== "") return undefined;
  const published = days.filter((day) => day >= since);
  if (published.length === 0 || days.at(-1)! + DAY > until()) return undefined;
  const scales = instrumentOf(symbol);
  const rows = kind === "klines"
    ? (day: number) => pastCandles(symbol, interval, day, seed).map((one) => candleFields(one, scales))
    : (day: number) => [...pastTrades(symbol, day, seed)].map((one) => tradeFields(one, scales));
  const header = kind === "klines" ? candleHeader : tradeHeader;
  const lines = published.flatMap(rows).map((fields) => fields.join());
  return { name, csv: [...date >= HEADERS_SINCE ? [header] : [], ...lines, ""].join("\n") };
}

/** The days of `2024-09` or of `2024-09-14`; undefined if the text is neither. */
function daysOf(unit: string, date: string): number[] | undefined {
  if (!(unit === "monthly" ? /^\d{4}-\d\d$/ : /^\d{4}-\d\d-\d\d$/).test(date)) return undefined;
  const first = Date.parse(unit === "monthly" ? `${date}-01` : date);
  if (Number.isNaN(first)) return undefined;
  if (unit === "daily") return [first];
  const month = new Date(first);
  const count = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 0)).getUTCDate();
  return Array.from({ length: count }, (_, n) => first + n * DAY);
}
