-- What the repair worker asks for: the part of a gap that REST still has, and hours of feeds that the exchange does not refuse.

-- A name as paths of the archive have it: other characters than ASCII are escaped as in a URL.
create function websocket.as_in_path(name text) returns text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select string_agg(case when byte < 128 then chr(byte) else '%' || upper(to_hex(byte)) end, '' order by place)
  from convert_to(name, 'UTF8') as bytes
  cross join lateral generate_series(0, octet_length(bytes) - 1) as place
  cross join lateral get_byte(bytes, place) as byte;
end;

-- Whether files of the archive were imported that cover a span of a symbol, and all their trades are among the ids that are known.
create or replace function websocket.is_imported(of_table text, symbol text, since timestamptz, until timestamptz) returns boolean
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select coalesce(range_agg(tstzrange(file.since, file.until))
    @> tstzrange(least(is_imported.since, is_imported.until), greatest(is_imported.since, is_imported.until), '[]'), false)
  from websocket.archive_files as file
  where file.table_name = of_table and file.summarised
    and position('/' || websocket.as_in_path(is_imported.symbol) || '/' in file.path) > 0;
end;

-- What a gap lacks of the candles that it touches, in ranges of one state each: `missing`, `pending` (can't be asked for yet, or is on its
-- way) or `absent`. The closing message of a candle may come a minute late: the candle before the gap counts if it is stored and not closed.
-- Where nothing came of it, it had no trades, as its messages come within 250 ms; unless the gap began as soon as it had ended.
create or replace function websocket.missing_candles(gap websocket.gap_data)
returns table (
  first_position bigint, last_position bigint, positions bigint, starts_at timestamptz, final_at timestamptz, state text)
language sql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  with touched as (
    select open_time, ends_at, (extract(epoch from open_time) * 1000)::bigint as position
    from websocket.candle_opens(substring((gap).feed from '@kline_(.+)$'), (gap).started_at - interval '1 minute', (gap).ended_at)
  ), answer as materialized (
    select one.* from websocket.repair_answers as one where (one.stream, one.feed) = ((gap).stream, (gap).feed)
      -- The function takes time, and there may be answers of weeks.
      and (one.is_absent or one.answered_at > websocket.now() - interval '1 hour' and websocket.is_under_way(one, (gap).symbol))
  ), judged as (
    select touched.open_time, touched.ends_at, touched.position, case
        when stored.is_closed and stored.revision > 0 then 'stored'
        when touched.ends_at <= (gap).started_at and stored.is_closed then 'stored'
        when touched.ends_at <= (gap).started_at - interval '2 s' and stored.is_closed is null then 'stored'
        when touched.ends_at + interval '10 s' > websocket.now() then 'pending'
        else coalesce((
          select case when bool_or(answer.is_absent) then 'absent' else 'pending' end from answer
          where touched.position between answer.first_position and answer.last_position having count(*) > 0), 'missing')
      end as state
    from touched left join websocket.kline_data as stored
      on (stored.symbol, stored.interval, stored.open_time)
        = ((gap).symbol, substring((gap).feed from '@kline_(.+)$'), touched.open_time)
  ), numbered as (
    select *, row_number() over (order by open_time) - row_number() over (partition by judged.state order by open_time) as island
    from judged
  )
  (select min(position), max(position), count(*), min(open_time), max(ends_at) + interval '10 s', numbered.state
  from numbered where numbered.state <> 'stored' group by numbered.state, island order by min(position) desc)
  union all
  select 0, 0, 0, (gap).ended_at, (gap).ended_at, 'pending' where (gap).feed !~ '@kline_\d+[smhdwM]$';
end;

-- The same of trades: what lies between the runs of ids. Ids before a symbol's first run begin at 0, and are asked for by time. After its
-- last run nobody knows where they end: such a range ends at the greatest number that is one in JSON, and nothing of it is ever absent
-- up to there. It lacks nothing once the archive's files of its time are imported.
create or replace function websocket.missing_trades(gap websocket.gap_data)
returns table (
  first_position bigint, last_position bigint, positions bigint, starts_at timestamptz, final_at timestamptz, state text)
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  with hole as (
    select coalesce(lag(last_id) over former + 1, 0) as first_id, first_id - 1 as last_id, noticed_at,
      -- Of the least of a time and null the time is left.
      case when lag(first_id) over former is null then '-infinity' else least(lag(last_event_time) over former, first_event_time) end
        as heard_before,
      greatest(lag(last_event_time) over former, first_event_time) as heard_after,
      least(lag(last_trade_time) over former, first_trade_time) as former_time, first_trade_time
    from websocket.trade_runs where symbol = (gap).symbol window former as (order by first_id)
  ), own as (
    select * from hole
    where first_id <= last_id and case (gap).cause
      when 'ids' then first_id <= (gap).last_id and last_id >= (gap).first_id
      else heard_before < (gap).ended_at and heard_after >= (gap).started_at end
  )
  select first_id, last_id, last_id - first_id + 1, asked_from, first_trade_time,
    case when own.noticed_at > websocket.now() - interval '10 s' then 'pending' else coalesce(answer, 'missing') end
  from own
  cross join lateral (select case first_id when 0 then (gap).started_at - interval '1 s' else former_time end as asked_from) as start
  left join lateral websocket.answer_state(gap, first_id, last_id, asked_from) as answer on true
  -- What the exchange lacks of a jump is a jump of its own.
  where (gap).cause <> 'ids' or answer is distinct from 'absent' or (first_id, last_id) = ((gap).first_id, (gap).last_id)
  union all
  -- The last trades before the gap's end may not be stored yet.
  select 0, 0, 0, (gap).ended_at, (gap).ended_at, 'pending'
  where exists (
    select from websocket.stale_trade_seconds
    where second >= date_trunc('second', (gap).started_at) - interval '2 s' and second < (gap).ended_at + interval '2 s')
  union all
  -- There is none after it that would tell how many are missing. What there is up to now is asked for, while REST reaches back to the last one.
  select case when is_asked then coalesce(last_id + 1, 0) else 0 end, case when is_asked then 9007199254740991 else 0 end,
    case when is_asked then 1000 else 0 end, asked_from, (gap).ended_at, case when is_asked then 'missing' else 'pending' end
  from (values (1)) as once
  left join lateral (
    select one.last_id, one.last_trade_time from websocket.trade_runs as one where one.symbol = (gap).symbol order by one.first_id desc limit 1
  ) as newest on true
  cross join lateral (select coalesce(last_trade_time, (gap).started_at - interval '1 s') as asked_from) as start
  cross join lateral (
    select (gap).ended_at < websocket.now() - interval '10 minutes' and asked_from > websocket.now() - interval '23 hours 50 minutes'
      as is_asked) as judged
  where (gap).cause <> 'ids' and not websocket.is_imported('trade_data', (gap).symbol, asked_from, (gap).ended_at)
    and not exists (
      select from websocket.trade_runs where symbol = (gap).symbol and last_event_time >= (gap).ended_at);
end;

do $$
declare
  definition text := pg_get_functiondef('websocket.next_repairs'::regproc);
begin
  -- Of a range that began before REST reaches back, and ends later, the newer part is had by its time. `state` is then `reachable`.
  execute replace(definition, E'          return next;\n        end if;', $new$          return next;
          if state = 'too old' and part.final_at > websocket.now() - one.reach + interval '5 minutes'
            and not (put_off ? key or coalesce((by_feed->key)::integer, 0) >= 5) then
            given := given + 1;
            by_feed := by_feed || jsonb_build_object(key, coalesce((by_feed->key)::integer, 0) + 1);
            -- Two minutes for the question to get there, and for clocks that differ.
            starts_at := websocket.now() - one.reach + interval '2 minutes';
            reach_ends_at := websocket.now() + interval '1 minute'; state := 'reachable';
            return next;
          end if;
        end if;$new$);

  -- Hours of feeds that are put off do not keep others waiting.
  definition := pg_get_functiondef('websocket.next_audits'::regproc);
  definition := replace(definition, 'next_audits(most integer)', 'next_audits(most integer, put_off jsonb DEFAULT ''[]'')');
  definition := replace(definition, 'and ended.hour <> all (audited)', 'and ended.hour <> all (audited) and not put_off ? (''kline '' || fed.feed)');
  drop function websocket.next_audits;
  execute definition;
end
$$;

revoke execute on function websocket.as_in_path, websocket.next_audits from public;
