import type { Truth } from "../../../local/exchange/truth.ts";
import type { Incoming } from "../../../shared/kafka/mod.ts";
import type { Sql } from "../../../shared/postgres/mod.ts";
import { compareRepaired } from "../../outage.ts";
import { type BookFrame, type BookRow, judgeBooks } from "./books.ts";
import { judgeCandles, type KlineFrame, type KlineRow, sentKey } from "./candles.ts";
import { type Interval, readCoverage, readGaps } from "./gaps.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { createTally, sum, type Verdict, verdictOf } from "./verdict.ts";

/**
 * Compares both tables with all that the exchange played, and with the gaps. `sent`: what is on the topic of the candles;
 * `unwanted`: when a feed was in no producer's SYMBOLS. `leewayMs`: how much longer than by the design a gap may be at either end.
 */
export async function judge(
  truth: AsyncIterable<Truth>,
  sql: Sql,
  sent: readonly Incoming[],
  unwanted: readonly Interval[],
  leewayMs: number,
): Promise<Verdict> {
  const ledger = createLedger(
    { gaps: await readGaps(sql), covered: await readCoverage(sql), unwanted },
    leewayMs,
  );
  const candles: KlineFrame[] = [];
  const books = await judgeBooks(booksOf(truth, candles), bookRows(sql), ledger);
  const klines = judgeCandles(candles, await klineRows(sql), keysOf(sent), ledger);
  return sum([books, klines, overclaims(ledger)]);
}

/**
 * The same where gaps were repaired: ticks are compared with the gaps, candles and trades must all be there. Of a gap
 * that is repaired nobody can tell from the table how closely it fits.
 */
export async function judgeRepaired(
  truth: () => AsyncIterable<Truth>,
  sql: Sql,
  leewayMs: number,
): Promise<Verdict> {
  const gaps = (await readGaps(sql)).filter(({ stream }) => stream === "book");
  const ledger = createLedger({ gaps, covered: await readCoverage(sql), unwanted: [] }, leewayMs);
  const books = await judgeBooks(booksOf(truth(), []), bookRows(sql), ledger);
  const { candles, trades } = await compareRepaired(sql, truth);
  return sum([books, overclaims(ledger), verdictOf("kline", candles), verdictOf("trade", trades)]);
}

function overclaims(ledger: Ledger): Verdict {
  const tally = createTally();
  for (const words of ledger.overclaims()) tally.add("overclaimed", words);
  return tally.verdict;
}

/** The candles' messages that can be read. */
function keysOf(sent: readonly Incoming[]): Set<string> {
  const keys = new Set<string>();
  for (const { value } of sent) {
    try {
      const { symbol, interval, openTime, eventTime } = JSON.parse(new TextDecoder().decode(value!));
      keys.add(sentKey(symbol, interval, openTime, eventTime));
    } catch {
      // It is one that a scenario damaged.
    }
  }
  return keys;
}

/** The book's frames as they come; those of candles, which are few, are put into `candles`. */
async function* booksOf(truth: AsyncIterable<Truth>, candles: KlineFrame[]): AsyncGenerator<BookFrame> {
  for await (const { stream, data } of truth) {
    if (stream.endsWith("@bookTicker")) yield data as unknown as BookFrame;
    else if (stream.includes("@kline_")) candles.push(data as unknown as KlineFrame);
  }
}

const ms = (sql: Sql, column: string) => sql`(extract(epoch from ${sql(column)}) * 1000)::float8`;

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
