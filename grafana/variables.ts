import {
  AnnotationQueryBuilder,
  IntervalVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { bandColour } from "./colours.ts";
import { chosen, dataSource, noSymbols, schema, symbols, table } from "./query.ts";

/** The symbols to choose from, those of the greatest volume in their newest hour of candles first: so *All* is sorted, too. */
export const chosenSymbols = new QueryVariableBuilder("symbol")
  .label("Symbols")
  .datasource(dataSource)
  .query(`
select symbol from (
  select symbol, volume from ${schema}.symbols
  left join lateral (
    select sum(quote_volume) as volume from (
      select quote_volume from ${schema}.kline_data
      where kline_data.symbol = symbols.symbol and interval = '1m' order by open_time desc limit 60
    ) as newest
  ) as traded on true
  union all
  select '${noSymbols}', -1 where not exists (select from ${schema}.symbols)
) as listed order by volume desc nulls last, symbol`.trim())
  .refresh(VariableRefresh.OnTimeRangeChanged)
  .multi(true)
  .includeAll(true)
  .current({ text: ["BTCUSDT", "ETHUSDT"], value: ["BTCUSDT", "ETHUSDT"] });

/** How many symbols have panels of their own at most. */
const MOST_PANELS = 12;

/** The chosen symbols that have panels of their own. Nobody chooses them, so the variable is hidden. */
export const largestSymbols = new QueryVariableBuilder("largest")
  .datasource(dataSource)
  .query(
    `select symbol from unnest((${symbols})[:${MOST_PANELS}]) with ordinality as one (symbol, place) order by place`,
  )
  .refresh(VariableRefresh.OnTimeRangeChanged)
  .hide(VariableHide.HideVariable)
  .multi(true)
  .includeAll(true)
  .current({ text: ["All"], value: ["$__all"] });

/** How wide candles are. */
export const candleInterval = new IntervalVariableBuilder("interval")
  .label("Candles")
  .values("1m,5m,15m,1h,4h,1d")
  .auto(true)
  .stepCount(200)
  .minInterval("1m")
  .current({ text: "auto", value: "$__auto_interval_interval" });

/** A band for each time in which something of the chosen symbols is missing: gaps that overlap are one, so that no band lies on another. */
export const knownGaps = new AnnotationQueryBuilder()
  .name("Gaps")
  .datasource(dataSource)
  .enable(true)
  .iconColor(bandColour)
  .target(table(`
    with gap as materialized (
      select stream, symbol, reason, state, tstzrange(started_at, coalesce(ended_at, now()), '[]') as span
      from ${schema}.gap_data
      where ${chosen} and started_at <= least($__timeTo(), now()) and coalesce(ended_at, 'infinity') >= $__timeFrom()
    ), band as (
      select unnest(range_agg(span)) as span from gap
    )
    select lower(band.span) as time, upper(band.span) as timeend,
      string_agg(distinct reason, ', ') || ': ' || string_agg(distinct stream, ', ') || ' of '
        || case when count(distinct symbol) > 3 then count(distinct symbol) || ' symbols' else string_agg(distinct symbol, ', ') end
        || ', ' || string_agg(distinct state, ', ') as text
    from band join gap on gap.span && band.span
    group by band.span order by band.span desc limit 200
  `));
