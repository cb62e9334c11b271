-- The comparison of candles with the sums of their trades.

-- The last aggregated trade before a boundary that may go on beyond it: it takes in trades for 100 ms. It is found by its time, as the
-- index of ids would be read to its end.
create function websocket.aggregate_before(symbol text, boundary timestamptz) returns setof websocket.trade_data
language plpgsql stable
set search_path = pg_catalog, websocket, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_custom_plan
as $$
declare
  since constant timestamptz := boundary - interval '100 ms';
begin
  return query
  select * from websocket.trade_data as one
  where one.symbol || '' = aggregate_before.symbol and one.trade_time > since and one.trade_time < boundary
  order by one.agg_trade_id desc limit 1;
end
$$;

-- Judges the candles of the given spans of time, and those a minute around them. Returns what it found: which candles differ, in words,
-- how many were judged, how many edges and differences are new, and whose counts have changed.
--
-- Trades are complete once a later one of the symbol is stored, no second of the minute waits to be summed, and no jump of ids waits to
-- be told. A gap that touches the minute leaves it out; of gaps only those count that are not repaired.
--
-- An aggregated trade has the time of its first trade, and takes in trades of the same price and side for 100 ms. So the last one before
-- a minute's beginning, the head, may belong to the minute in part, and the minute's last one, the tail, to the next one. How much
-- moved is computed from the difference; it must then explain each field, and what moved out of one minute must have moved into the
-- next one. Where the candle has the ids of its trades, they say whether an aggregated trade spans the boundary.
create function websocket.judge_candles(
  spans websocket.stale_candles[], out differing text, out judged bigint, out edges bigint, out differences bigint,
  out symbols text[], out days date[])
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
-- The planner does not know how few rows are looked up; with a plan of its own each round reads the partitions of its days only.
set enable_seqscan = off
set jit = off
set plan_cache_mode = force_custom_plan
as $$
declare
  first_minute constant timestamptz := (select min(since) from unnest(spans)) - interval '2 min';
  last_end constant timestamptz := (select max(until) from unnest(spans)) + interval '2 min';
  nothing constant bit(1440) := repeat('0', 1440)::bit(1440);
  bars_since constant timestamptz := websocket.kept_since('trade_1m');
  trades_since constant timestamptz := websocket.kept_since('trade_data');
begin
  with candle as materialized (
    -- Those two minutes away are only looked at, as what they let move counts.
    select distinct on (one.symbol, one.open_time) one.*, one.open_time + interval '1 min' as ended_at, span.noted_at, is_due, is_near,
      lower(one.symbol) || '@aggTrade' as feed
    from unnest(spans) as span join websocket.kline_data as one on one.symbol = span.symbol and one.interval = '1m' and one.is_closed
      and one.open_time >= span.since - interval '2 min' and one.open_time < span.until + interval '2 min'
    cross join lateral (
      select one.open_time >= span.since and one.open_time < span.until as is_due,
        one.open_time >= span.since - interval '1 min' and one.open_time < span.until + interval '1 min' as is_near
    ) as place
    order by one.symbol, one.open_time, is_due desc, is_near desc, span.noted_at
  ), extent as materialized (
    select symbol, (
        select run.first_trade_time from websocket.trade_runs as run where run.symbol = known.symbol order by run.first_id limit 1
      ) as traded_from, (
        select run.last_trade_time from websocket.trade_runs as run where run.symbol = known.symbol order by run.first_id desc limit 1
      ) as traded_to, exists (select from websocket.stale_trade_ids as mark where mark.symbol = known.symbol) as has_stale_ids
    from (select distinct symbol from candle) as known
  ), looked_at as materialized (
    select candle.*, bar.open as bar_open, bar.high as bar_high, bar.low as bar_low, bar.close as bar_close,
      coalesce(bar.volume, 0) as bar_volume, coalesce(bar.quote_volume, 0) as bar_quote,
      coalesce(bar.taker_buy_base_volume, 0) as bar_taker, coalesce(bar.taker_buy_quote_volume, 0) as bar_taker_quote,
      case
        when (candle.open_time > traded_from and candle.open_time >= bars_since) is not true then 'without_trades'
        when exists (
          select from websocket.gap_data as gap
          where gap.stream = 'trade' and gap.feed = candle.feed and gap.state <> 'repaired'
            and gap.started_at - case gap.cause when 'ids' then interval '0' else interval '1 s' end < candle.ended_at
            and coalesce(gap.ended_at, 'infinity') > candle.open_time
        ) then 'in_gap'
        when traded_to < candle.ended_at or has_stale_ids or exists (
          select from websocket.stale_trade_seconds as mark
          where mark.second >= candle.open_time - interval '1 s' and mark.second < candle.ended_at
        ) then 'waiting'
        else 'judged'
      end as state
    from candle join extent using (symbol) left join websocket.trade_1m as bar
      on bar.symbol = candle.symbol and bar.minute = candle.open_time and bar.minute >= first_minute and bar.minute < last_end
  ), compared as materialized (
    select *, volume - bar_volume as more, quote_volume - bar_quote as more_quote, taker_buy_base_volume - bar_taker as more_taker,
      state = 'judged' and case
        when bar_open is null and volume = 0 then row (quote_volume, taker_buy_base_volume, taker_buy_quote_volume) <> row (0, 0, 0)
        else row (open, high, low, close, volume, quote_volume, taker_buy_base_volume, taker_buy_quote_volume) is distinct from
          row (bar_open, bar_high, bar_low, bar_close, bar_volume, bar_quote, bar_taker, bar_taker_quote)
      end as is_unequal
    from looked_at
  ), suspect as materialized (
    -- A candle beside an unequal one may be equal though as much moved in as out.
    select * from (
      select *, coalesce(lag(is_unequal) over near, false) or coalesce(lead(is_unequal) over near, false) as is_beside
      from compared window near as (partition by symbol order by open_time)
    ) as one
    where is_unequal or is_beside and state = 'judged'
  ), solved as (
    select suspect.*, head.agg_trade_id as head_id, head.price as head_price, head.qty as head_qty, not head.is_buyer_maker as head_buys,
      tail.agg_trade_id as tail_id, tail.price as tail_price, tail.qty as tail_qty, not tail.is_buyer_maker as tail_buys
    from suspect
    left join lateral websocket.aggregate_before(suspect.symbol, suspect.open_time) as head on head.last_trade_id > head.first_trade_id
      and (coalesce(suspect.first_trade_id, 0) <= 0
        or head.first_trade_id < suspect.first_trade_id and head.last_trade_id >= suspect.first_trade_id)
    left join lateral websocket.aggregate_before(suspect.symbol, suspect.ended_at) as tail on tail.last_trade_id > tail.first_trade_id
      and (coalesce(suspect.last_trade_id, 0) <= 0
        or tail.first_trade_id <= suspect.last_trade_id and tail.last_trade_id > suspect.last_trade_id)
  ), explained as (
    -- Of the same price and side, only the difference of what moved in and out is known.
    select *, head_id is not null and (moved_in > 0 or first_trade_id > 0) as has_head,
      head_id is null or tail_id is null or (head_price, head_buys) <> (tail_price, tail_buys) as is_known
    from solved cross join lateral (
      select coalesce(case
        when head_id is null then -more
        when tail_id is null then 0
        when head_price <> tail_price then (more_quote - more * head_price) / (head_price - tail_price)
        when head_buys and not tail_buys then more_taker - more
        when tail_buys and not head_buys then -more_taker
        else greatest(-more, 0)
      end, 0) as moved_out
    ) as tail_part cross join lateral (select more + moved_out as moved_in) as head_part
  ), explanation as materialized (
    select symbol, open_time, is_unequal and is_edge as is_edge, open_time - interval '1 min' >= trades_since is true as has_trades,
      case when is_known and (is_edge or not is_unequal) then moved_in end as inflow,
      case when is_known and (is_edge or not is_unequal) then moved_out end as outflow,
      jsonb_build_object('candle', candle, 'trades', trades) || case when is_edge then jsonb_strip_nulls(jsonb_build_object(
          'head', case when has_head then jsonb_build_object('agg_trade_id', head_id, 'moved', case when is_known then moved_in end) end,
          'tail', case when moved_out > 0 then jsonb_build_object('agg_trade_id', tail_id, 'moved', case when is_known then moved_out end)
          end)) else '{}' end as detail
    from explained cross join lateral (
      select coalesce((moved_in = 0 or moved_in > 0 and moved_in < head_qty) and (moved_out = 0 or moved_out > 0 and moved_out < tail_qty)
        and (open, high, low, close) = (
          case when has_head then head_price else bar_open end, greatest(bar_high, case when has_head then head_price end),
          least(bar_low, case when has_head then head_price end), coalesce(bar_close, head_price))
        and (quote_volume, taker_buy_base_volume, taker_buy_quote_volume) = (
          bar_quote + moved_in * coalesce(head_price, 0) - moved_out * coalesce(tail_price, 0),
          bar_taker + case when head_buys then moved_in else 0 end - case when tail_buys then moved_out else 0 end,
          bar_taker_quote + case when head_buys then moved_in * head_price else 0 end
            - case when tail_buys then moved_out * tail_price else 0 end), false) as is_edge
    ) as judged cross join lateral (
      select jsonb_object_agg(name, to_jsonb(one.candle)) as candle, jsonb_object_agg(name, to_jsonb(one.trades)) as trades
      from (values ('open', open, bar_open), ('high', high, bar_high), ('low', low, bar_low), ('close', close, bar_close),
        ('volume', volume, bar_volume), ('quote_volume', quote_volume, bar_quote),
        ('taker_buy_base_volume', taker_buy_base_volume, bar_taker),
        ('taker_buy_quote_volume', taker_buy_quote_volume, bar_taker_quote)) as one (name, candle, trades)
      where one.candle is distinct from one.trades
    ) as fields
  ), checked as (
    select one.symbol, one.open_time, one.noted_at, is_due, is_near, state, detail, is_unequal, is_edge, has_trades,
      lag(one.open_time) over near = one.open_time - interval '1 min' and lag(outflow) over near <> inflow
        or lead(one.open_time) over near = one.open_time + interval '1 min' and lead(inflow) over near <> outflow as is_contradicted
    from compared as one left join explanation using (symbol, open_time)
    window near as (partition by one.symbol order by one.open_time)
  ), result as materialized (
    select symbol, open_time, noted_at, is_due, detail,
      set_bit(nothing, (extract(epoch from open_time - open_time::date) / 60)::integer, 1) as minute, case
        when state <> 'judged' then state
        when not is_unequal then 'equal'
        when is_edge and is_contradicted is not true then 'edge'
        -- Once its trades are dropped, an edge can't be told from a difference.
        when has_trades then 'differs'
        else 'without_trades'
      end as verdict
    from checked where is_near
  ), removed as (
    delete from websocket.audit_data as known using result
    where (known.symbol, known.interval, known.open_time, known.compared_with) = (result.symbol, '1m', result.open_time, 'trades')
      and result.verdict in ('equal', 'in_gap', 'without_trades')
  ), found as (
    insert into websocket.audit_data as known (symbol, interval, open_time, compared_with, noticed_at, verdict, detail)
    select symbol, '1m', open_time, 'trades', websocket.now(), verdict, detail from result where verdict in ('edge', 'differs')
    on conflict on constraint audit_data_pkey do update set (noticed_at, verdict, detail) = row (
      excluded.noticed_at, excluded.verdict, excluded.detail)
    where (known.verdict, known.detail) is distinct from (excluded.verdict, excluded.detail)
    returning known.symbol, known.open_time, known.verdict, known.detail
  ), noted as (
    insert into websocket.audit_sets as known (symbol, interval, day, present, with_trades, in_gap, without_trades)
    select symbol, '1m', open_time::date, bit_or(minute),
      bit_or(case when verdict in ('equal', 'edge', 'differs') then minute else nothing end),
      bit_or(case verdict when 'in_gap' then minute else nothing end),
      bit_or(case verdict when 'without_trades' then minute else nothing end)
    from result group by symbol, open_time::date
    on conflict on constraint audit_sets_pkey do update set (present, with_trades, in_gap, without_trades) = (
      select known.present | excluded.present, (known.with_trades & kept) | excluded.with_trades, (known.in_gap & kept) | excluded.in_gap,
        (known.without_trades & kept) | excluded.without_trades
      -- What waits is as it was judged before.
      from (select ~(excluded.with_trades | excluded.in_gap | excluded.without_trades) as kept) as others)
    returning known.symbol, known.day
  ), waiting as (
    -- The longer they wait, the less often they are looked at. After a day only bars that change bring them back.
    insert into websocket.stale_candles (symbol, since, until, noted_at, due_at)
    select symbol, min(open_time), max(open_time) + interval '1 min', min(noted_at),
      websocket.now() + least(interval '1 h', greatest(interval '1 s', (websocket.now() - min(noted_at)) / 4))
    from result where verdict = 'waiting' and is_due and noted_at > websocket.now() - interval '1 day' group by symbol
  )
  select (
      select format('%s candles differ from the sum of their trades: %s', count(*), string_agg(words, '; ') filter (where place <= 3))
      from (
        select row_number() over (order by open_time, symbol) as place,
          format('%s of %s (%s)', symbol, to_char(open_time, 'YYYY-MM-DD HH24:MI'), (
            select string_agg(format('%s %s, by its trades %s', key, value, coalesce(detail->'trades'->>key, 'none')), ', ')
            from jsonb_each_text(detail->'candle'))) as words
        from found where verdict = 'differs'
      ) as one having count(*) > 0
    ), count(*) filter (where is_due and verdict in ('equal', 'edge', 'differs')),
    (select count(*) from found where verdict = 'edge'), (select count(*) from found where verdict = 'differs'),
    (select coalesce(array_agg(symbol order by symbol, day), '{}') from noted),
    (select coalesce(array_agg(day order by symbol, day), '{}') from noted)
  into differing, judged, edges, differences, symbols, days
  from result;
end
$$;

revoke execute on function websocket.aggregate_before, websocket.judge_candles from public;
