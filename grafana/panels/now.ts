import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { colours } from "../colours.ts";
import { schema, series, symbols, table } from "../query.ts";
import { priceDecimals } from "../style.ts";
import { goodUpTo, stat } from "./stat.ts";

/** Whether the data is the market's. */
export const origin = () =>
  stat(
    "Data",
    "LIVE or SIMULATED, by the database's name: workers refuse data that is not the exchange's in the database bookline, and what is " +
      "simulated is stored in one whose name ends in _simulated. Of another database the name is shown.",
    [[null, colours.neutral]],
    { LIVE: { color: colours.up }, SIMULATED: { color: colours.warning } },
  )
    .withTarget(table(`
      select case
          when current_database() like '%\\_simulated' then 'SIMULATED'
          when current_database() = 'bookline' then 'LIVE'
          else current_database()::text
        end as "Data"
    `));

/** The price of the first chosen symbol. */
export const price = () =>
  stat(
    "Price",
    "The last price of the first chosen symbol, and its way over the range; none if it is older than an hour.",
    [[null, colours.neutral]],
  )
    .unit("locale")
    .decimals(priceDecimals)
    .colorMode(BigValueColorMode.None)
    .graphMode(BigValueGraphMode.Area)
    .textMode(BigValueTextMode.ValueAndName)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).fields("").values(false))
    .withTarget(series(`
      with candle as (
        select open_time, symbol, close
        from (select (${symbols})[1] as symbol) as first,
          ${schema}.candles(symbol, greatest(interval '$__interval', interval '1 minute'), $__timeFrom(), $__timeTo())
      )
      select open_time as time, symbol as metric, close from candle
      where (select max(open_time) from candle)
        > least($__timeTo(), now()) - greatest(interval '1 hour', 2 * interval '$__interval')
      order by time
    `));

/** How late quotes come at worst. */
export const worstDelay = () =>
  stat(
    "Worst delay",
    "Of all quotes of the last minute, from the exchange's sending to the producer's receipt, the difference of the clocks included.",
    goodUpTo(1_000, 5_000),
  )
    .unit("ms")
    .decimals(0)
    .withTarget(table(`
      select 1000 * extract(epoch from max(max_delay)) as "Worst delay"
      from ${schema}.symbols cross join lateral (
        select max(max_delay) as max_delay from ${schema}.order_book_1s
        where order_book_1s.symbol = symbols.symbol and second between now() - interval '1 minute' and now()
      ) as book
    `));

/** How much is stored. */
export const rowsPerSecond = () =>
  stat("Rows a second", "Quotes and aggregated trades of ten seconds that ended 3 s ago, stored.", [
    [null, colours.down],
    [0.1, colours.neutral],
  ])
    .unit("short")
    .decimals(0)
    .withTarget(table(`
      with span as (
        select date_trunc('second', now() - interval '13 s') as since, date_trunc('second', now() - interval '3 s') as until
      )
      select (coalesce(sum(ticks), 0) + (
          select count(*) from ${schema}.trade_data cross join span
          where trade_time >= now() - interval '15 s' and trade_time >= since and trade_time < until
        )) / 10.0 as "Rows a second"
      from ${schema}.symbols cross join span cross join lateral (
        select sum(ticks) as ticks from ${schema}.order_book_1s
        where order_book_1s.symbol = symbols.symbol and second >= now() - interval '15 s' and second >= since and second < until
      ) as book
    `));
