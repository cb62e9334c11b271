-- Bars of any width that divides a day evenly, computed from those of a second or a minute.

-- Returns a symbol's bars from the one that `since` is in to the last one that begins before `until`; each is whole. Bars begin at
-- multiples of the width since 1970, so at midnight UTC, too. A bar without trades has a row only where a gap touches it.
-- `is_complete` is false where trades of the bar may be missing: a gap touches it that is neither repaired nor absent at the exchange,
-- it began before the first trade that is stored, it is not over, or some of its trades are not summarised yet. A trade is sent up to a
-- second after its own time, and gaps of coverage are of the time of sending: so much earlier they may begin.
create function websocket.bars(symbol text, width interval, since timestamptz, until timestamptz)
returns table (
  open_time timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric, quote_volume numeric,
  taker_buy_base_volume numeric, taker_buy_quote_volume numeric, num_trades bigint, is_complete boolean)
language plpgsql stable
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  most constant integer := 1000000;
  seconds constant numeric := extract(epoch from width);
  step constant interval := make_interval(secs => seconds::float8);
  unit constant text := case when seconds % 60 = 0 then 'minute' else 'second' end;
  first_bar timestamptz;
  bars_end timestamptz;
  bars numeric;
begin
  if (seconds >= 1 and seconds % 1 = 0 and 86400 % seconds = 0) is not true then
    raise exception 'Cannot make bars of % as the width must be whole seconds and divide a day evenly', coalesce(width::text, 'null')
      using errcode = 'invalid_parameter_value', hint = 'Example: 5 minutes';
  end if;
  if (isfinite(since) and isfinite(until)) is not true then
    raise exception 'Cannot make bars from % to % as both must be times', coalesce(since::text, 'null'), coalesce(until::text, 'null')
      using errcode = 'invalid_parameter_value', hint = 'Example: now() - interval ''1 day''';
  end if;
  first_bar := to_timestamp(floor(extract(epoch from since) / seconds) * seconds);
  bars_end := to_timestamp(ceil(extract(epoch from until) / seconds) * seconds);
  bars := extract(epoch from bars_end - first_bar) / seconds;
  if bars > most then
    raise exception 'Cannot make % bars as there must be at most %', trunc(bars), most
      using errcode = 'invalid_parameter_value', hint = 'Choose a greater width, or a shorter time.';
  end if;

  -- The range is a literal in the statement, so that the planner neither reads nor locks the partitions of other days.
  return query execute format($query$
    with bar as (
      select
        date_bin(%1$L, one.%2$I, 'epoch') as open_time, (array_agg(one.open order by one.%2$I))[1] as open,
        max(one.high) as high, min(one.low) as low, (array_agg(one.close order by one.%2$I))[count(*)] as close,
        sum(one.volume) as volume, sum(one.quote_volume) as quote_volume, sum(one.taker_buy_base_volume) as taker_buy_base_volume,
        sum(one.taker_buy_quote_volume) as taker_buy_quote_volume, sum(one.num_trades)::bigint as num_trades
      from websocket.%3$I as one
      where one.symbol = %4$L and one.%2$I >= %5$L and one.%2$I < %6$L
      group by date_bin(%1$L, one.%2$I, 'epoch')
    ), doubt as (
      select gap.started_at - case gap.cause when 'ids' then interval '0' else interval '1 s' end as since,
        greatest(coalesce(gap.ended_at, now()), gap.started_at + interval '1 ms') as until, true as is_gap
      from websocket.gap_data as gap
      where gap.stream = 'trade' and gap.symbol = %4$L and gap.state not in ('repaired', 'absent')
      union all
      select stale.second, stale.second + interval '1 s', false from websocket.stale_trade_seconds as stale
      where stale.second >= %5$L and stale.second < %6$L
    ), touched as (
      -- Gaps that overlap are one, so that each bar is found once.
      select date_bin(%1$L, at, 'epoch') as open_time, bool_or(is_gap) as is_gap
      from (
        select unnest(range_agg(tstzrange(greatest(since, %5$L), least(until, %6$L)))) as span, is_gap
        from doubt where since < %6$L and until > %5$L and since < until group by is_gap
      ) as merged
      cross join lateral generate_series(date_bin(%1$L, lower(span), 'epoch'), upper(span) - interval '1 us', %1$L) as at
      group by date_bin(%1$L, at, 'epoch')
    )
    select
      open_time, bar.open, bar.high, bar.low, bar.close, coalesce(bar.volume, 0), coalesce(bar.quote_volume, 0),
      coalesce(bar.taker_buy_base_volume, 0), coalesce(bar.taker_buy_quote_volume, 0), coalesce(bar.num_trades, 0),
      is_gap is null and open_time + %1$L <= now()
        and open_time >= (select min(run.first_trade_time) from websocket.trade_runs as run where run.symbol = %4$L)
    from bar full join touched using (open_time)
    where bar.open is not null or is_gap
    order by open_time
    $query$, step, unit, 'trade_1' || left(unit, 1), symbol, first_bar, bars_end);
end
$$;
comment on function websocket.bars is
  'Bars of a symbol from its trades: websocket.bars(''BTCUSDT'', ''5 minutes'', now() - interval ''1 day'', now()).';
