import { decimalText, scaleOf, sumOf, unitsOf } from "../market/decimal.ts";
import type { Books } from "./books.ts";

const dayMs = 24 * 60 * 60_000;

/** The statistics of a symbol's last 24 hours, from its candles of the shortest interval. Prices and sums are exact. */
export function dayOf(symbol: string, { candles, newest, now }: Books) {
  const { rows, firstId } = candles.since(symbol, now - dayMs);
  const { id = -1, price = "0" } = candles.lastTrade(symbol) ?? {};
  const scale = scaleOf(price);
  const prices = (column: number) => rows.map((row) => String(row[column]));
  const open = prices(1)[0] ?? price;
  const change = unitsOf(price) - unitsOf(open);
  const [volume, quoteVolume] = [sumOf(prices(5)), sumOf(prices(7))];
  const byValue = (one: string, other: string) => Number(one) - Number(other);
  return {
    symbol,
    priceChange: (change < 0 ? "-" : "") + decimalText(Math.abs(change), scale),
    priceChangePercent: (100 * change / (unitsOf(open) || 1)).toFixed(3),
    weightedAvgPrice: (Number(quoteVolume) / (Number(volume) || 1)).toFixed(scale),
    lastPrice: price,
    lastQty: newest.of(`${symbol.toLowerCase()}@trade`)?.q ?? "0",
    openPrice: open,
    highPrice: prices(2).sort(byValue).at(-1) ?? price,
    lowPrice: prices(3).sort(byValue)[0] ?? price,
    volume,
    quoteVolume,
    openTime: rows[0]?.[0] ?? now - dayMs,
    closeTime: now,
    firstId,
    lastId: id,
    count: rows.reduce((count, row) => count + row[8], 0),
  };
}
