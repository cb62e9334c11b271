import type { Market } from "../shared/exchange/markets/mod.ts";
import type { Archive } from "../shared/stream.ts";
import { dateOf, type Period } from "./plan.ts";

/** A file of the archive. */
export interface ArchiveFile {
  /** From the archive's root on; the file's checksum is at the same path with `.CHECKSUM`. */
  readonly path: string;
  readonly symbol: string;
  /** Empty if the stream has none. */
  readonly interval: string;
  readonly period: Period;
}

/** The file of a symbol, an interval and a period. Binance: github.com/binance/binance-public-data. */
export function fileOf<M>(
  { archivePath }: Pick<Market, "archivePath">,
  { kind }: Pick<Archive<M>, "kind">,
  symbol: string,
  interval: string,
  period: Period,
): ArchiveFile {
  const folders = [archivePath, period.unit, kind, symbol, ...interval ? [interval] : []];
  const name = `${symbol}-${interval || kind}-${dateOf(period)}.zip`;
  return { path: [...folders, name].map(encodeURI).join("/"), symbol, interval, period };
}
