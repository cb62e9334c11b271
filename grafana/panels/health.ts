import { schema, table } from "../query.ts";
import { alarm, column, SHORT_TIME, tablePanel } from "../style.ts";

/** How long ago anything came, for each symbol and stream. */
export const ages = () =>
  tablePanel(
    "Age of the newest row",
    "Time since the exchange sent the newest candle update, quote and trade; empty if there is none in the range. Candles and trades only " +
      "come when something was traded; quotes and trades are read from the rollup by the second, which is up to 3 s behind. Symbols " +
      "without a candle for 3 minutes or a quote for one come first.",
  )
    .withTarget(table(`
      select
        symbols.symbol as "Symbol",
        extract(epoch from now() - kline.event_time) as "Candles",
        extract(epoch from now() - book.second) as "Quotes",
        extract(epoch from now() - trade.second) as "Trades"
      from ${schema}.symbols
      left join lateral (
        select event_time from ${schema}.kline_data
        where kline_data.symbol = symbols.symbol and interval = '1m' and open_time >= $__timeFrom()
          and event_time < now() + interval '1 minute'
        order by open_time desc limit 1
      ) as kline on true
      left join lateral (
        select second from ${schema}.order_book_1s
        where order_book_1s.symbol = symbols.symbol and second >= $__timeFrom()
          and second < now() + interval '1 minute'
        order by second desc limit 1
      ) as book on true
      left join lateral (
        select second from ${schema}.trade_1s
        where trade_1s.symbol = symbols.symbol and second >= $__timeFrom() and second < now() + interval '1 minute'
        order by second desc limit 1
      ) as trade on true
      order by coalesce(kline.event_time > now() - interval '3 minutes' and book.second > now() - interval '1 minute', false),
        symbols.symbol
    `))
    .overrideByName("Symbol", column(86))
    .overrideByName("Candles", alarm(78, "s", [60, 180], "none"))
    .overrideByName("Quotes", alarm(78, "s", [10, 60], "none"))
    .overrideByName("Trades", alarm(78, "s", [60, 600]));

/** Which candles are not there. */
export const missingCandles = () =>
  tablePanel(
    "Candles missing",
    "Minutes of the range without a candle, since the first candle that each symbol ever had, and candles whose minute " +
      "is over though they were never closed.",
  )
    .withTarget(table(`
      select
        symbols.symbol as "Symbol",
        sum(extract(epoch from next_open_time - open_time) / 60 - 1) as "Missing",
        count(*) filter (where not is_closed) as "Not closed",
        min(open_time + interval '1 minute') filter (where next_open_time > open_time + interval '1 minute')
          as "First"
      from ${schema}.symbols
      cross join lateral (
        select min(open_time) as first from ${schema}.kline_data
        where kline_data.symbol = symbols.symbol and interval = '1m'
      ) as kept
      cross join lateral (
        select
          date_bin('1 minute', greatest($__timeFrom()::timestamptz + interval '59.999 s', first), 'epoch') as since,
          date_bin('1 minute', least($__timeTo()::timestamptz - interval '1 ms', now() - interval '65 s'), 'epoch') as until
      ) as span
      cross join lateral (
        select open_time, is_closed,
          lead(open_time, 1, greatest(until, since - interval '1 minute') + interval '1 minute') over (order by open_time)
            as next_open_time
        from (
          select since - interval '1 minute' as open_time, true as is_closed
          union all
          select open_time, is_closed from ${schema}.kline_data
          where kline_data.symbol = symbols.symbol and interval = '1m' and open_time between since and until
        ) as candle
      ) as candle
      where first is not null
      group by symbols.symbol
      order by "Missing" desc, "Not closed" desc, "Symbol"
    `))
    .overrideByName("Symbol", column(85))
    .overrideByName("Missing", alarm(65, "none", [1, 10]))
    .overrideByName("Not closed", alarm(75, "none", [1, 10]))
    .overrideByName("First", column(100, SHORT_TIME));
