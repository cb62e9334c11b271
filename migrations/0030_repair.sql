-- What the repair worker needs: what each gap lacks, what the exchange has answered, and the states that follow. A position is a place
-- within a feed: the open time of a candle in ms since the epoch, or the id of a trade.

-- `missing_function` tells what a gap of the stream lacks, see `missing_candles`. `reach`: REST has nothing that is older.
alter table websocket.streams add column missing_function text, add column reach interval;
update websocket.streams set missing_function = 'missing_candles' where stream = 'kline';
update websocket.streams set missing_function = 'missing_trades', reach = '24 hours' where stream = 'trade';

-- What the exchange has answered: from the first to the last position it gave rows, which are on Kafka, or it has nothing there.
create table websocket.repair_answers (
  first_position  bigint       not null,
  last_position   bigint       not null,
  starts_at       timestamptz  not null,
  answered_at     timestamptz  not null,
  waits_until     timestamptz  not null,
  is_absent       boolean      not null,
  stream          text         not null collate "C",
  feed            text         not null collate "C",
  primary key (stream, feed, first_position, last_position, is_absent)
);
comment on table websocket.repair_answers is
  'What the exchange''s REST API answered about gaps. is_absent: it has nothing from first_position to last_position, which are open '
  'times of candles in ms since the epoch, or ids of trades. starts_at: it was asked for nothing that happened before.';

-- Which worker repairs. It holds the lease until it does not renew it for 15 s.
create table websocket.repair_lease (
  is_only boolean primary key default true check (is_only), holder text not null default '', until timestamptz not null default '-infinity');
insert into websocket.repair_lease default values;

-- Takes or renews the lease; false while another worker holds it.
create function websocket.claim_repair(worker text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  update websocket.repair_lease set holder = worker, until = websocket.now() + interval '15 s'
  where holder = worker or repair_lease.until < websocket.now();
  return found;
end
$$;

create function websocket.release_repair(worker text) returns void
language sql security definer
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  update websocket.repair_lease set until = '-infinity' where holder = worker;
end;

-- Notes an answer of which the rows are on Kafka. `absent` has the ranges that the exchange has nothing of: [[first, last], ...]. The same
-- range is asked for again after 2 minutes, and each time after twice as long, up to an hour: its rows may be refused by the table.
create function websocket.note_answer(
  stream text, feed text, first_position bigint, last_position bigint, starts_at timestamptz, absent jsonb) returns void
language sql security definer
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  insert into websocket.repair_answers as known
    (stream, feed, first_position, last_position, is_absent, starts_at, answered_at, waits_until)
  select note_answer.stream, note_answer.feed, answer.first_position, answer.last_position, answer.is_absent, note_answer.starts_at,
    websocket.now(), websocket.now() + interval '2 minutes'
  from (
    select note_answer.first_position, note_answer.last_position, false as is_absent
    union
    select (range->>0)::bigint, (range->>1)::bigint, true from jsonb_array_elements(note_answer.absent) as range
  ) as answer
  on conflict on constraint repair_answers_pkey do update set
    (starts_at, answered_at, waits_until) = row (least(known.starts_at, excluded.starts_at), excluded.answered_at,
      excluded.answered_at + least(2 * (known.waits_until - known.answered_at), interval '1 hour'));
  delete from websocket.repair_answers where answered_at < websocket.now() - interval '60 days';
end;

-- Whether the rows of an answer may still be on their way. For an hour they are while a partition that has the symbol is not stored past
-- the answer: messages that happened later came onto the partition behind its rows. 10 s are for clocks that differ.
create function websocket.is_under_way(answer websocket.repair_answers, symbol text) returns boolean
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select (answer).waits_until > websocket.now() or (answer).answered_at > websocket.now() - interval '1 hour' and exists (
    select from websocket.stored_to as known
    where known.stream = (answer).stream and known.times ? is_under_way.symbol and not exists (
      select from jsonb_each_text(known.times) as entry
      where entry.value::bigint > extract(epoch from (answer).answered_at + interval '10 s') * 1000));
end;

-- Whether the exchange has nothing in this range, or it has answered and the rows may still be on their way. A range that begins at 0 was
-- asked for by time: an answer that began later says nothing of it.
create function websocket.answer_state(gap websocket.gap_data, first_position bigint, last_position bigint, starts_at timestamptz)
returns text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select case when bool_or(answer.is_absent) then 'absent' else 'pending' end
  from websocket.repair_answers as answer
  where (answer.stream, answer.feed) = ((gap).stream, (gap).feed)
    and answer.first_position <= answer_state.first_position and answer.last_position >= answer_state.last_position
    and (answer_state.first_position > 0 or answer.starts_at <= answer_state.starts_at)
    and (answer.is_absent or websocket.is_under_way(answer, (gap).symbol))
  having count(*) > 0;
end;

-- The candles of an interval that touch a span of time. Nothing if the name is of no interval.
create function websocket.candle_opens(name text, since timestamptz, until timestamptz)
returns table (open_time timestamptz, ends_at timestamptz)
language sql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  select one, one + step
  from (
    select right(name, 1) as unit, case right(name, 1)
        when 'M' then make_interval(months => count) when 'w' then make_interval(weeks => count)
        when 'd' then make_interval(days => count) when 'h' then make_interval(hours => count)
        when 'm' then make_interval(mins => count) when 's' then make_interval(secs => count) end as step
    from (select left(substring(name from '^\d+[smhdwM]$'), -1)::integer as count) as known
  ) as width cross join lateral generate_series(
    case unit when 'M' then date_trunc('month', since)
      else date_bin(step, since, case unit when 'w' then timestamptz '1970-01-05' else timestamptz 'epoch' end) end,
    until - interval '1 ms', step) as one;
end;

-- What a gap lacks of the candles that it touches, in ranges of one state each: `missing`, `pending` (can't be asked for yet, or is on its
-- way) or `absent`. The closing message of a candle may come a minute late: the candle before the gap counts if it is stored and not closed.
create function websocket.missing_candles(gap websocket.gap_data)
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
        when stored.is_closed and stored.revision > 0 or touched.ends_at <= (gap).started_at and stored.is_closed is not false then 'stored'
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

-- The same of trades: what lies between the runs of ids. Ids before a symbol's first run begin at 0, and are asked for by time.
create function websocket.missing_trades(gap websocket.gap_data)
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
  -- The last trades before the gap's end may not be stored yet, or there is none after it that would tell how many are missing.
  select 0, 0, 0, (gap).ended_at, (gap).ended_at, 'pending'
  where exists (
    select from websocket.stale_trade_seconds
    where second >= date_trunc('second', (gap).started_at) - interval '2 s' and second < (gap).ended_at + interval '2 s'
  ) or (gap).cause <> 'ids' and not exists (
    select from websocket.trade_runs where symbol = (gap).symbol and last_event_time >= (gap).ended_at);
end;

revoke execute on function
  websocket.claim_repair, websocket.release_repair, websocket.note_answer, websocket.is_under_way, websocket.answer_state,
  websocket.candle_opens, websocket.missing_candles, websocket.missing_trades
from public;
