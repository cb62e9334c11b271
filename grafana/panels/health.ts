import { GraphDrawStyle, StackingConfigBuilder, StackingMode } from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import { everyBin, rollup, schema, series, table } from "../query.ts";
import { alarm, colours, column, lineOf, lines, sortedBy } from "../style.ts";

/** How long ago anything came, for each symbol and stream. */
export const ages = () =>
  new Table()
    .title("Age of the newest row")
    .description(
      "Time since the exchange sent the newest candle update and the newest quote. A candle is only updated when something " +
        "was traded; quotes are read from the rollup by the second, which is up to 3 s behind.",
    )
    .noValue("No rows at all. Are the producers and consumers running?")
    .withTarget(table(`
      select
        symbols.symbol as "Symbol",
        extract(epoch from now() - kline.event_time) as "Candles",
        extract(epoch from now() - book.second) as "Quotes"
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
      order by least(coalesce(kline.event_time, '-infinity'), coalesce(book.second, '-infinity')), symbols.symbol
    `))
    .overrideByName("Candles", alarm("s", [60, 180], "none in range"))
    .overrideByName("Quotes", alarm("s", [10, 60], "none in range"));

/** How much comes. */
export const rates = () =>
  lines(new TimeSeries(), "desc")
    .title("Quotes a second")
    .description(
      `Rows of ${schema}.order_book_data a second, by the exchange's time, in whole intervals of the range.`,
    )
    .noValue("No quotes of these symbols in this range.")
    .unit("suffix: rows/s")
    .decimals(1)
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    .fillOpacity(30)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"))
    // The rollup is up to 3 s behind.
    .withTarget(series(everyBin(
      `
        with quote as (
          ${rollup("ticks")}
        )
        select date_bin('$__interval', time, 'epoch') as bin, symbol, sum(ticks) / ($__interval_ms / 1000.0) as value
        from quote
        where date_bin('$__interval', time, 'epoch') >= $__timeFrom()
          and date_bin('$__interval', time, 'epoch') + '$__interval' <= least($__timeTo(), now() - interval '3 s')
        group by bin, symbol`,
      "rate",
      "0",
    )));

/** How late it comes. */
export const delays = () =>
  lines(new TimeSeries(), "desc")
    .title("Delay, exchange → received")
    .description(
      "From the exchange's sending of a quote to its receipt by the producer: the mean of each symbol, and the worst of all. " +
        "It holds the difference of the two clocks too: below zero means that they are apart.",
    )
    .noValue("No quotes of these symbols in this range.")
    .unit("ms")
    .decimals(0)
    .overrideByName("worst", lineOf(colours.down, "dot"))
    .withTarget(series(everyBin(
      `
        with quote as (
          ${rollup("ticks, mean_delay")}
        )
        select date_bin('$__interval', time, 'epoch') as bin, symbol,
          1000 * extract(epoch from sum(mean_delay * ticks) / sum(ticks)) as value
        from quote group by bin, symbol`,
      "delay",
    )))
    .withTarget(series(
      `
      with quote as (
        ${rollup("max_delay")}
      )
      select date_bin('$__interval', time, 'epoch') as time, 1000 * extract(epoch from max(max_delay)) as worst
      from quote group by 1 order by 1
    `,
      "B",
    ));

/** Which candles are not there. */
export const missingCandles = () =>
  new Table()
    .title("Candles missing")
    .description(
      "Minutes of the range without a candle, since the first candle that each symbol ever had, and candles whose minute " +
        "is over though they were never closed.",
    )
    .noValue("No candles at all.")
    .withTarget(table(`
      select
        symbols.symbol as "Symbol",
        sum(extract(epoch from next_open_time - open_time) / 60 - 1) as "Missing",
        count(*) filter (where not is_closed) as "Not closed",
        min(open_time + interval '1 minute') filter (where next_open_time > open_time + interval '1 minute')
          as "First missing"
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
    .sortBy(sortedBy("Missing"))
    .overrideByName("Missing", alarm("none", [1, 10]))
    .overrideByName("Not closed", alarm("none", [1, 10]))
    .overrideByName("First missing", column("dateTimeAsIso"));
