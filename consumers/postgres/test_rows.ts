import type { Sql } from "../../shared/postgres/mod.ts";
import type { Book } from "../../shared/streams/book.ts";
import type { Kline } from "../../shared/streams/kline.ts";

export const openTime = Date.UTC(2026, 9, 1);

/** A candle's update. */
export const candle = (fields: Partial<Kline>): Kline => ({
  symbol: "BTCUSDT",
  interval: "1m",
  openTime,
  closeTime: openTime + 59_999,
  open: "1.10",
  high: "1",
  low: "1",
  close: "1",
  volume: "1",
  quoteVolume: "1",
  takerBuyBaseVolume: "1",
  takerBuyQuoteVolume: "1",
  numTrades: 1,
  firstTradeId: 1,
  lastTradeId: 1,
  isClosed: false,
  eventTime: openTime + 1_000,
  receivedAt: openTime + 1_000,
  revision: 0,
  ...fields,
});

/** A best bid and ask. */
export const tick = (updateId: number, fields: Partial<Book> = {}): Book => ({
  symbol: "BTCUSDT",
  updateId,
  bidPrice: "61800.20",
  bidQty: "1",
  askPrice: "61800.30",
  askQty: "1",
  eventTime: openTime,
  transactionTime: openTime,
  receivedAt: openTime,
  ...fields,
});

/** Best bids and asks of consecutive ids. */
export const ticks = (count: number, first = 0) => Array.from({ length: count }, (_, i) => tick(first + i));

/** How many rows a table of ours holds. */
export async function count(sql: Sql, table: string): Promise<number> {
  return (await sql.unsafe(`select count(*)::int from websocket.${table}`))[0].count;
}
