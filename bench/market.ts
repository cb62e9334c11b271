import type { Sql } from "../shared/postgres/mod.ts";

/** Ten symbols as they trade: share of the ticks, price, its step, the quantity's step and the usual depth in steps. */
const symbols = [
  ["BTCUSDT", 0.28, "61800", "0.1", "0.001", 20_000],
  ["ETHUSDT", 0.24, "2510", "0.01", "0.001", 80_000],
  ["SOLUSDT", 0.12, "145", "0.01", "1", 900],
  ["XRPUSDT", 0.08, "0.58", "0.0001", "0.1", 900_000],
  ["BNBUSDT", 0.07, "580", "0.01", "0.01", 5_000],
  ["DOGEUSDT", 0.06, "0.10412", "0.00001", "1", 300_000],
  ["ADAUSDT", 0.04, "0.35", "0.0001", "1", 90_000],
  ["AVAXUSDT", 0.04, "22", "0.001", "1", 800],
  ["DOTUSDT", 0.04, "4.5", "0.001", "0.1", 40_000],
  ["POLUSDT", 0.03, "0.41", "0.0001", "1", 20_000],
] as const;

/** The table expression `market (nth, share, symbol, price, step, lot, depth)`: `share` is the sum up to and with the nth. */
function market(): string {
  let share = 0;
  const rows = symbols.map(([symbol, part, price, step, lot, depth], nth) => {
    share += part;
    return `(${nth}, ${share}::float8, '${symbol}' collate "C", ${price}::numeric, ${step}::numeric, ${lot}::numeric, ${depth})`;
  });
  return `market (nth, share, symbol, price, step, lot, depth) as (values ${rows.join(", ")})`;
}

/**
 * Fills the ticks' table with ticks of ten symbols, spread evenly from `since` on, in the order of their time as they
 * would arrive, by the hour: within each hour the same prices and quantities.
 * @param count how many an hour
 */
export async function fillTicks(
  sql: Sql,
  since: Date,
  hours: number,
  count: number,
  progress: (line: string) => void,
): Promise<void> {
  await sql.unsafe(`
    create temp table hour as
    with ${market()},
    drawn as materialized (
      select n, random() as which, random() as wave, random() ^ 4 as bids, random() ^ 4 as asks
      from generate_series(0, ${count - 1}) as n
    )
    select n, symbol, bid_price, (1 + floor(bids * depth))::numeric * lot as bid_qty, bid_price + step as ask_price,
      (1 + floor(asks * depth))::numeric * lot as ask_qty
    from drawn
    cross join lateral (select * from market where share > which or nth = 9 order by nth limit 1) as drawn_symbol
    cross join lateral (
      select round(price * (1 + 0.01 * sin(n * 6.2832 / ${count} + nth) + 0.0002 * wave)::numeric / step) * step as bid_price
    ) as quote
    order by n`);
  for (let hour = 0; hour < hours; hour++) {
    const start = new Date(since.getTime() + hour * 3_600_000);
    await sql`
      insert into websocket.order_book_data
        (symbol, update_id, transaction_time, event_time, received_at, bid_price, bid_qty, ask_price, ask_qty)
      select symbol, 11200345678901 + (${
      hour * count
    } + n)::bigint * 17, time, time + interval '1 ms', time + interval '31 ms',
        bid_price, bid_qty, ask_price, ask_qty
      from hour
      cross join lateral (
        select date_trunc('milliseconds', ${start}::timestamptz + n * (interval '1 hour' / ${count}::float8)) as time
      ) as at
      order by n`;
    progress(`${((hour + 1) * count).toLocaleString("en")} ticks`);
  }
  await sql`drop table hour`;
}

/** Fills the candles' table with closed candles of one minute for ten symbols, from `since` until `until`. */
export async function fillCandles(sql: Sql, since: Date, until: Date): Promise<void> {
  await sql.unsafe(
    `
    insert into websocket.kline_data
    with ${market()}
    select symbol, '1m', minute, minute + interval '59.999 s', open, greatest(open, close) + 3 * step,
      least(open, close) - 2 * step, close, volume, volume * open, round(volume / 2, 3), round(volume / 2, 3) * open,
      (100 + 900 * random())::bigint, 1, 1000, true, minute + interval '60 s', minute + interval '60.1 s'
    from market
    cross join generate_series($1::timestamptz, $2::timestamptz - interval '1 minute', '1 minute') as minute
    cross join lateral (
      select
        round(price * (1 + 0.02 * sin(extract(epoch from minute)::float8 / 8000 + nth))::numeric / step) * step as open,
        round(price * (1 + 0.02 * sin(extract(epoch from minute)::float8 / 8000 + 0.0075 + nth))::numeric / step) * step
          as close,
        (1 + floor(random() * depth))::numeric * lot as volume
    ) as drawn
    order by minute`,
    [since, until],
  );
}
