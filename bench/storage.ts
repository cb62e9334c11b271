import type { Sql } from "../shared/postgres/mod.ts";
import { startDatabase } from "./database.ts";
import type { Progress, Result } from "./benchmark.ts";
import { fillTicks } from "./market.ts";

const TICKS_AN_HOUR = 250_000;
const CANDLE_MINUTES = 500;
const UPDATES_A_CANDLE = 30;

/** Bytes a row of a table takes, with its keys and all else that belongs to it. */
async function bytesPerRow(sql: Sql, table: string): Promise<number> {
  const [{ bytes }] = await sql`
    select pg_total_relation_size(${table})::float8 / (select count(*) from ${sql.unsafe(table)}) as bytes`;
  return bytes;
}

/**
 * What a tick and a candle take on disk, keys included: ticks of ten symbols in the order in which they arrive, and the same
 * after an owner has rebuilt the day's key; candles that are updated in place until they are closed.
 */
export async function run(progress: Progress): Promise<Result> {
  await using database = await startDatabase(progress);
  const sql = database.connect();
  const [{ day, table }] = await sql`
    select date_trunc('day', now() - interval '2 days', 'UTC') as day,
      'websocket.' || websocket.partition_name('order_book_data', (now() at time zone 'UTC')::date - 2) as table`;
  await fillTicks(sql, day, 4, TICKS_AN_HOUR, progress);
  const tick = await bytesPerRow(sql, table);
  await sql.unsafe(`reindex table concurrently ${table}`);
  const reindexed = await bytesPerRow(sql, table);
  progress("candles, each updated in place");
  await fillUpdatedCandles(sql);
  const candle = await bytesPerRow(sql, "websocket.kline_data");
  await sql.end();

  const round = (bytes: number) => Math.round(10 * bytes) / 10;
  return {
    lines: [
      `a tick   ${round(tick)} bytes, ${round(reindexed)} once its day is reindexed`,
      `a candle ${round(candle)} bytes`,
    ],
    json: {
      bytes_per_tick: round(tick),
      bytes_per_reindexed_tick: round(reindexed),
      bytes_per_candle: round(candle),
    },
  };
}

/** Ten symbols' candles, each inserted open, updated in place as trades come, and closed. */
async function fillUpdatedCandles(sql: Sql): Promise<void> {
  for (let minute = 0; minute < CANDLE_MINUTES; minute++) {
    for (let update = 1; update <= UPDATES_A_CANDLE; update++) {
      await sql`
        insert into websocket.kline_data as stored
        select symbol, '1m', open_time, open_time + interval '59.999 s', 61800.20, 61800.20 + ${update}::int, 61790.10, 61795.50,
          ${update}::int * 1.234, ${update}::int * 76260.1234, ${update}::int * 0.617, ${update}::int * 38130.0617,
          ${update}::int * 12, 5266583935, 5266583935 + ${update}::int * 12, ${update === UPDATES_A_CANDLE},
          open_time + interval '1 s' * ${update}::int, open_time + interval '1.03 s' * ${update}::int
        from (select timestamptz '2026-08-10T00:00:00Z' + interval '1 minute' * ${minute}::int as open_time) as minute,
          unnest(array['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'XRPUSDT', 'SOLUSDT', 'ADAUSDT', 'DOGEUSDT', 'POLUSDT', 'DOTUSDT',
            'AVAXUSDT']) as symbol
        on conflict (symbol, interval, open_time) do update set
          high = excluded.high, close = excluded.close, volume = excluded.volume, quote_volume = excluded.quote_volume,
          taker_buy_base_volume = excluded.taker_buy_base_volume,
          taker_buy_quote_volume = excluded.taker_buy_quote_volume, num_trades = excluded.num_trades,
          last_trade_id = excluded.last_trade_id, is_closed = excluded.is_closed, event_time = excluded.event_time,
          received_at = excluded.received_at`;
    }
  }
}
