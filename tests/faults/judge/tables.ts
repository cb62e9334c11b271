import type { Truth } from "../../../local/exchange/truth.ts";
import type { Sql } from "../../../shared/postgres/mod.ts";
import type { Gap } from "../../../shared/streams/gap.ts";
import { type BookFrame, type BookRow, judgeBooks } from "./books.ts";
import { judgeCandles, type KlineFrame, type KlineRow } from "./candles.ts";
import { createLedger } from "./ledger.ts";
import { sum, type Verdict } from "./verdict.ts";

/** Compares both tables with all that the exchange played, and with the gaps. */
export async function judge(truth: AsyncIterable<Truth>, sql: Sql): Promise<Verdict> {
  const gaps = await readGaps(sql);
  const ledger = createLedger(gaps);
  const candles: KlineFrame[] = [];
  const books = await judgeBooks(booksOf(truth, candles), bookRows(sql), ledger);
  return sum([books, judgeCandles(candles, await klineRows(sql), ledger)]);
}

/** The book's frames as they come; those of candles, which are few, are put into `candles`. */
async function* booksOf(truth: AsyncIterable<Truth>, candles: KlineFrame[]): AsyncGenerator<BookFrame> {
  for await (const { stream, data } of truth) {
    if (stream.endsWith("@bookTicker")) yield data as unknown as BookFrame;
    else if (stream.includes("@kline_")) candles.push(data as unknown as KlineFrame);
  }
}

const ms = (sql: Sql, column: string) => sql`(extract(epoch from ${sql(column)}) * 1000)::float8`;

/** The gap ledger's rows. */
export async function readGaps(sql: Sql): Promise<Gap[]> {
  return await sql<Gap[]>`
    select stream, symbol, ${ms(sql, "started_at")} as "startedAt", ${
    ms(sql, "ended_at")
  } as "endedAt", reason,
      dropped::float8 as dropped
    from websocket.gap_data order by started_at`;
}

async function* bookRows(sql: Sql): AsyncGenerator<BookRow> {
  const rows = sql<BookRow[]>`
    select symbol, update_id::float8 as "updateId", ${ms(sql, "transaction_time")} as "transactionTime",
      ${
    ms(sql, "event_time")
  } as "eventTime", bid_price as "bidPrice", bid_qty as "bidQty", ask_price as "askPrice",
      ask_qty as "askQty"
    from websocket.order_book_data order by update_id`;
  for await (const some of rows.cursor(5_000)) yield* some;
}

async function klineRows(sql: Sql): Promise<KlineRow[]> {
  const rows = await sql`
    select symbol, interval, ${ms(sql, "open_time")} as open_time, ${ms(sql, "event_time")} as event_time,
      ${
    ms(sql, "close_time")
  } as close_time, open, high, low, close, volume, quote_volume, taker_buy_base_volume,
      taker_buy_quote_volume, num_trades::float8, first_trade_id::float8, last_trade_id::float8, is_closed
    from websocket.kline_data`;
  return rows.map(({ symbol, interval, open_time, event_time, ...values }) => ({
    ...{ symbol, interval, openTime: open_time, eventTime: event_time, values: Object.values(values) },
  }));
}
