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
  answered_at     timestamptz  not null,
  is_absent       boolean      not null,
  stream          text         not null collate "C",
  feed            text         not null collate "C",
  primary key (stream, feed, first_position, last_position, is_absent)
);
comment on table websocket.repair_answers is
  'What the exchange''s REST API answered about gaps. is_absent: it has nothing from first_position to last_position, which are open '
  'times of candles in ms since the epoch, or ids of trades.';

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

-- Notes an answer of which the rows are on Kafka. `absent` has the ranges that the exchange has nothing of: [[first, last], ...].
create function websocket.note_answer(stream text, feed text, first_position bigint, last_position bigint, absent jsonb) returns void
language sql security definer
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  insert into websocket.repair_answers (stream, feed, first_position, last_position, answered_at, is_absent)
  select note_answer.stream, note_answer.feed, note_answer.first_position, note_answer.last_position, websocket.now(), false
  union
  select note_answer.stream, note_answer.feed, (range->>0)::bigint, (range->>1)::bigint, websocket.now(), true
  from jsonb_array_elements(note_answer.absent) as range
  on conflict on constraint repair_answers_pkey do update set answered_at = excluded.answered_at;
  delete from websocket.repair_answers where answered_at < websocket.now() - interval '60 days';
end;

-- Whether the exchange has nothing in this range, or it has answered so lately that the rows may still be on their way.
create function websocket.answer_state(stream text, feed text, first_position bigint, last_position bigint) returns text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select case when bool_or(answer.is_absent) then 'absent' else 'pending' end
  from websocket.repair_answers as answer
  where answer.stream = answer_state.stream and answer.feed = answer_state.feed
    and answer.first_position <= answer_state.first_position and answer.last_position >= answer_state.last_position
    and (answer.is_absent or answer.answered_at > websocket.now() - interval '2 minutes')
  having count(*) > 0;
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
  with width as (
    select name, right(name, 1) as unit, case right(name, 1)
        when 'M' then make_interval(months => count) when 'w' then make_interval(weeks => count)
        when 'd' then make_interval(days => count) when 'h' then make_interval(hours => count)
        when 'm' then make_interval(mins => count) when 's' then make_interval(secs => count) end as step
    from (select name, left(name, -1)::integer as count from substring((gap).feed from '@kline_(\d+[smhdwM])$') as name) as feed
  ), touched as (
    select open_time, open_time + step as ends_at, name, (extract(epoch from open_time) * 1000)::bigint as position
    from width cross join lateral generate_series(
      case unit when 'M' then date_trunc('month', (gap).started_at - interval '1 minute')
        else date_bin(step, (gap).started_at - interval '1 minute',
          case unit when 'w' then timestamptz '1970-01-05' else timestamptz 'epoch' end) end,
      (gap).ended_at - interval '1 ms', step) as open_time
  ), answer as materialized (
    select one.* from websocket.repair_answers as one where (one.stream, one.feed) = ((gap).stream, (gap).feed)
      and (one.is_absent or one.answered_at > websocket.now() - interval '2 minutes')
  ), judged as (
    select touched.open_time, touched.ends_at, touched.position, case
        when stored.is_closed and stored.revision > 0 or touched.ends_at <= (gap).started_at and stored.is_closed is not false then 'stored'
        when touched.ends_at + interval '10 s' > websocket.now() then 'pending'
        else coalesce((
          select case when bool_or(answer.is_absent) then 'absent' else 'pending' end from answer
          where touched.position between answer.first_position and answer.last_position having count(*) > 0), 'missing')
      end as state
    from touched left join websocket.kline_data as stored
      on (stored.symbol, stored.interval, stored.open_time) = ((gap).symbol, touched.name, touched.open_time)
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
      coalesce(least(lag(last_event_time) over former, first_event_time), '-infinity') as heard_before,
      coalesce(greatest(lag(last_event_time) over former, first_event_time), first_event_time) as heard_after,
      least(lag(last_trade_time) over former, first_trade_time) as former_time, first_trade_time
    from websocket.trade_runs where symbol = (gap).symbol window former as (order by first_id)
  ), own as (
    select * from hole
    where first_id <= last_id and case (gap).cause
      when 'ids' then first_id <= (gap).last_id and last_id >= (gap).first_id
      else heard_before < (gap).ended_at and heard_after >= (gap).started_at end
  )
  select first_id, last_id, last_id - first_id + 1, case first_id when 0 then (gap).started_at - interval '1 s' else former_time end,
    first_trade_time, case when own.noticed_at > websocket.now() - interval '10 s' then 'pending' else coalesce(answer, 'missing') end
  from own left join lateral websocket.answer_state((gap).stream, (gap).feed, first_id, last_id) as answer on true
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

-- Settles the gaps that lack nothing any more, and returns what others lack, those of the newest gaps first, until that is so many ranges.
-- `state`: `missing`, `too old` (the exchange's REST API does not reach back so far), or the state of a gap that was settled.
create function websocket.next_repairs(most integer)
returns table (
  stream text, feed text, symbol text, first_position bigint, last_position bigint, positions bigint, starts_at timestamptz,
  final_at timestamptz, state text)
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
  one record;
  part record;
  settled websocket.gap_data[] := '{}';
  gap websocket.gap_data;
  is_left boolean;
  is_absent boolean;
  given integer := 0;
begin
  for one in
    select gap_data as gap, streams.missing_function, streams.reach, streams.table_name
    from websocket.gap_data join websocket.streams on streams.stream = gap_data.stream
    where gap_data.state = 'unrepaired' and gap_data.ended_at is not null and streams.missing_function is not null
    order by gap_data.started_at desc
  loop
    exit when given >= most;
    gap := one.gap; is_left := false; is_absent := false;
    if gap.ended_at < websocket.kept_since(one.table_name) then
      gap.state := 'lost';
    else
      for part in execute format('select * from websocket.%I($1)', one.missing_function) using gap loop
        is_left := is_left or part.state <> 'absent';
        is_absent := is_absent or part.state = 'absent' and part.first_position > 0;
        if part.state = 'missing' then
          stream := gap.stream; feed := gap.feed; symbol := gap.symbol;
          first_position := part.first_position; last_position := part.last_position; positions := part.positions;
          starts_at := part.starts_at; final_at := part.final_at;
          -- A minute for the question to get there.
          state := case when part.starts_at < websocket.now() - one.reach + interval '1 minute' then 'too old' else 'missing' end;
          given := given + case state when 'missing' then 1 else 0 end;
          return next;
        end if;
      end loop;
      continue when is_left;
      gap.state := case when is_absent then 'absent' else 'repaired' end;
    end if;
    settled := settled || gap;
  end loop;

  if settled = '{}' then return; end if;
  -- In the order in which others lock: they do a round later.
  perform from websocket.gap_ledger for update;
  perform from websocket.streams for update;
  for one in
    update websocket.gap_data as known set state = done.state, repaired_at = case done.state when 'lost' then null else websocket.now() end
    from unnest(settled) as done
    where (known.stream, known.feed, known.cause, known.started_at, known.first_id, known.ended_at)
      = (done.stream, done.feed, done.cause, done.started_at, done.first_id, done.ended_at) and known.state = 'unrepaired'
    returning known.*
  loop
    stream := one.stream; feed := one.feed; symbol := one.symbol; state := one.state; starts_at := one.started_at;
    first_position := one.first_id; last_position := coalesce(one.last_id, one.first_id);
    return next;
  end loop;
end
$$;

-- What the worker has asked for stays in the ledger, so that it can be said to be repaired: a jump of ids that is filled is not deleted, and
-- a gap keeps the number of what it lacked.
create function websocket.keep_asked_gap() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  if old.state = 'unrepaired' and not exists (
    select from websocket.repair_answers as answer
    where (answer.stream, answer.feed) = (old.stream, old.feed) and not answer.is_absent and answer.answered_at > old.ended_at
      and (old.cause <> 'ids' or answer.first_position <= old.first_id and answer.last_position >= old.first_id)
  ) then
    return case tg_op when 'DELETE' then old else new end;
  elsif tg_op = 'DELETE' then
    return null;
  end if;
  new.missing := greatest(old.missing, new.missing);
  return new;
end
$$;
create trigger keep_asked_jump before delete on websocket.gap_data
for each row when (old.cause = 'ids') execute function websocket.keep_asked_gap();
create trigger keep_asked_number before update of missing on websocket.gap_data
for each row when (new.missing < old.missing and new.ended_at = old.ended_at) execute function websocket.keep_asked_gap();

revoke execute on function
  websocket.claim_repair, websocket.release_repair, websocket.note_answer, websocket.answer_state, websocket.missing_candles,
  websocket.missing_trades, websocket.next_repairs, websocket.keep_asked_gap
from public;
