import type { Sql } from "../shared/postgres/mod.ts";

/** Where the rollup by second disagrees with the ticks, from which it is computed here in another way, by window functions. */
export async function differences(sql: Sql): Promise<unknown[]> {
  const rows = await sql`
    with tick as (
      select *, to_timestamp(floor(extract(epoch from transaction_time))) as second,
        row_number() over (
          partition by symbol, floor(extract(epoch from transaction_time))
          order by update_id desc, transaction_time desc
        ) as from_last
      from websocket.order_book_data
    ),
    total as (
      select symbol, second, count(*) as ticks, min(ask_price - bid_price) as min_spread,
        max(ask_price - bid_price) as max_spread, round(sum(ask_price - bid_price) / count(*), 10) as mean_spread,
        round(sum((bid_qty - ask_qty) / (bid_qty + ask_qty)) filter (where bid_qty + ask_qty > 0)
          / nullif(count(*) filter (where bid_qty + ask_qty > 0), 0), 10) as mean_imbalance,
        max(received_at - event_time) as max_delay
      from tick group by symbol, second
    ),
    expected as (
      select symbol, second, ticks, bid_price, bid_qty, ask_price, ask_qty, min_spread, max_spread, mean_spread,
        mean_imbalance, max_delay
      from total join tick using (symbol, second) where from_last = 1
    ),
    actual as (
      select symbol, second, ticks, bid_price, bid_qty, ask_price, ask_qty, min_spread, max_spread,
        round(mean_spread, 10), round(mean_imbalance, 10), max_delay
      from websocket.order_book_1s
    )
    (select 'expected' as side, * from expected except all select 'expected', * from actual)
    union all
    (select 'actual', * from actual except all select 'actual', * from expected)`;
  return [...rows];
}

/** Brings the rollup up to date without waiting for seconds to settle. */
export async function refresh(sql: Sql): Promise<void> {
  while ((await sql`select websocket.refresh_rollup('order_book_data', '0') as seconds`)[0].seconds > 0);
}

/** The summary's seconds. */
export const rollup = async (sql: Sql) => [
  ...await sql`select *, mean_delay::text, max_delay::text from websocket.order_book_1s order by symbol, second`,
];
