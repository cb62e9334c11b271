import { standing } from "../bins.ts";
import { rollup, schema, series, table } from "../query.ts";
import { column, priceDecimals, risesAndFalls, symbolLines, tablePanel } from "../style.ts";

/** All symbols, chosen or not. */
export const symbols = () =>
  tablePanel(
    "Symbols",
    "All symbols at the end of the range: the last price, none if it is older than an hour, its change against the last trade of an hour and of a day " +
      "before, the quote volume of 24 hours, and the mean spread of the last minute in hundredths of a percent.",
  )
    .withTarget(table(`
      select
        symbols.symbol as "Symbol",
        last.close as "Price",
        100 * (last.close / nullif(hour_ago.close, 0) - 1) as "1 h",
        100 * (last.close / nullif(day_ago.close, 0) - 1) as "24 h",
        day.quote_volume as "Volume, 24 h",
        10000 * book.mean_spread / nullif(book.bid_price, 0) as "Spread"
      from ${schema}.symbols
      left join lateral (
        select close from ${schema}.kline_data
        where kline_data.symbol = symbols.symbol and interval = '1m'
          and open_time <= $__timeTo() and open_time > $__timeTo()::timestamptz - interval '1 hour'
        order by open_time desc limit 1
      ) as last on true
      left join lateral (
        select close from ${schema}.kline_data
        where kline_data.symbol = symbols.symbol and interval = '1m'
          and open_time <= $__timeTo()::timestamptz - interval '61 minutes'
          and open_time > $__timeTo()::timestamptz - interval '2 hours'
        order by open_time desc limit 1
      ) as hour_ago on true
      left join lateral (
        select close from ${schema}.kline_data
        where kline_data.symbol = symbols.symbol and interval = '1m'
          and open_time <= $__timeTo()::timestamptz - interval '24 hours 1 minute'
          and open_time > $__timeTo()::timestamptz - interval '25 hours'
        order by open_time desc limit 1
      ) as day_ago on true
      left join lateral (
        select sum(quote_volume) as quote_volume from ${schema}.kline_data
        where kline_data.symbol = symbols.symbol and interval = '1m'
          and open_time > $__timeTo()::timestamptz - interval '24 hours' and open_time <= $__timeTo()
      ) as day on true
      left join lateral (
        select mean_spread, bid_price from ${schema}.order_book_1m
        where order_book_1m.symbol = symbols.symbol and minute <= $__timeTo()
          -- By way of timestamp the bound is a constant to the planner, which then leaves other days alone.
          and minute > ($__timeTo()::timestamptz at time zone 'UTC' - interval '1 hour') at time zone 'UTC'
        order by minute desc limit 1
      ) as book on true
      order by "Volume, 24 h" desc nulls last, "Symbol"
    `))
    .overrideByName("Symbol", column(110))
    .overrideByName("Price", column(110, "locale", priceDecimals))
    .overrideByName("1 h", risesAndFalls(75))
    .overrideByName("24 h", risesAndFalls(75))
    .overrideByName("Volume, 24 h", column(110, "short", 1))
    .overrideByName("Spread", column(90, "suffix:bps", 2));

/** What each symbol shown has gained or lost since the range began. */
export const returns = () =>
  symbolLines(
    "Returns",
    "The change of the mid price since the start of the range: symbols of any price, side by side.",
  )
    .unit("percent")
    .withTarget(series(standing(
      `
        with quote as (
          ${rollup("order_book", "bid_price, ask_price")}
        ),
        middle as (
          select date_bin('$__interval', time, 'epoch') as bin, symbol,
            (array_agg(bid_price + ask_price order by time))[count(*)::integer] / 2 as mid
          from quote group by bin, symbol
        )
        select bin, symbol, 100 * (mid / nullif(first_value(mid) over (partition by symbol order by bin), 0) - 1) as value
        from middle`,
      '"return"',
    )));
