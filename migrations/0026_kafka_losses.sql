-- What Kafka lost before it was stored, as the consumers notice it: a gap of the cause `kafka` is covered time of which no rows came.

-- Up to which event time the consumers have stored and committed messages, by partition and symbol, in ms since the epoch. It is here
-- and not on Kafka, as Kafka forgets what was committed of a topic that is deleted.
create table websocket.stored_to (
  partition  integer,
  stream     text     collate "C",
  times      jsonb    not null,
  primary key (stream, partition)
)
-- Each row is updated every second. With room in its page no index is touched.
with (fillfactor = 50);
comment on table websocket.stored_to is
  'The event time of the newest message that was stored, by partition of the topic and symbol, in ms since the epoch.';

-- One row a symbol and loss: nothing that came after `lost_from` and before `lost_to` was found on Kafka. `lost_to` is null until a
-- later message of the symbol is found.
create table websocket.kafka_losses (
  lost_from  timestamptz  not null,
  lost_to    timestamptz,
  noted_at   timestamptz  not null,
  stream     text         not null collate "C",
  symbol     text         not null collate "C",
  reason     text         not null collate "C",
  primary key (stream, symbol, lost_from)
);
create index kafka_losses_open_idx on websocket.kafka_losses (stream) where lost_to is null;
comment on table websocket.kafka_losses is
  'Spans of which messages may be missing as Kafka lost them: from the last that was stored to the next that was found.';

-- The ledger asks for a feed's intervals by their beginning.
create index coverage_data_from_idx on websocket.coverage_data (stream, feed, covered_from);

-- Notes up to where messages of a partition are stored and committed; no symbol's time goes back.
create function websocket.note_stored(stream text, partition integer, times jsonb) returns void
language sql security definer
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  insert into websocket.stored_to as known (stream, partition, times) values (stream, partition, times)
  on conflict on constraint stored_to_pkey do update set times = (
    select jsonb_object_agg(symbol, greatest((known.times ->> symbol)::bigint, (excluded.times ->> symbol)::bigint))
    from jsonb_object_keys(known.times || excluded.times) as symbol);
end;

-- Begins a loss of each symbol that was stored last from this partition, at the last message that is known to have come before it.
-- `given` is what the caller knows of that, otherwise it is what was noted. A loss that has not ended is not begun again.
create function websocket.begin_losses(stream text, partition integer, reason text, given jsonb) returns void
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  -- Of what its table no longer keeps no gap is told.
  delete from websocket.kafka_losses as old using websocket.streams
  where old.stream = streams.stream and old.lost_to < pruned_to;
  with told as (
    select one.partition, entry.key as symbol, entry.value::bigint as at
    from websocket.stored_to as one cross join jsonb_each_text(one.times) as entry
    where one.stream = begin_losses.stream and (one.partition <> begin_losses.partition or given is null)
    union all
    select begin_losses.partition, entry.key, entry.value::bigint from jsonb_each_text(given) as entry
  ), newest as (
    -- A symbol may have moved to another partition, when some were added.
    select distinct on (symbol) * from told order by symbol, at desc
  ), begun as (
    insert into websocket.kafka_losses as known (stream, symbol, lost_from, noted_at, reason)
    select begin_losses.stream, newest.symbol, to_timestamp(at / 1000.0), websocket.now(), begin_losses.reason
    from newest
    where newest.partition = begin_losses.partition and not exists (
      select from websocket.kafka_losses as open
      where open.stream = begin_losses.stream and open.symbol = newest.symbol and open.lost_to is null)
    on conflict do nothing returning known.symbol, known.lost_from
  )
  insert into websocket.stale_feeds (stream, feed, since, due_at)
  select distinct begin_losses.stream, one.feed, begun.lost_from, websocket.now()
  from begun join websocket.coverage_data as one on one.stream = begin_losses.stream and one.symbol = begun.symbol;
end
$$;

-- Ends losses of which later messages were found: `ends` has the event time of the first one, by symbol.
create function websocket.end_losses(stream text, ends jsonb) returns void
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  with ended as (
    update websocket.kafka_losses as known set lost_to = to_timestamp(entry.value::bigint / 1000.0)
    from jsonb_each_text(ends) as entry
    where known.stream = end_losses.stream and known.symbol = entry.key and known.lost_to is null
      and known.lost_from < to_timestamp(entry.value::bigint / 1000.0)
    returning known.symbol, known.lost_from
  )
  insert into websocket.stale_feeds (stream, feed, since, due_at)
  select distinct end_losses.stream, one.feed, ended.lost_from, websocket.now()
  from ended join websocket.coverage_data as one on one.stream = end_losses.stream and one.symbol = ended.symbol;
end
$$;

-- Computes anew the gaps of the cause `kafka` of feeds that were stale: what of their coverage lies in a loss. It runs where
-- `compute_gaps` takes the notes of those feeds away, so that none is missed.
create function websocket.compute_losses() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set enable_seqscan = off
set jit = off
as $$
begin
  if not exists (select from websocket.kafka_losses) then
    return null;
  end if;
  with target as materialized (
    select due.stream, due.feed, coalesce(pruned_to, '-infinity') as floor,
      case when not can_be_fetched then 'lost' else 'unrepaired' end as ended_state
    from (select distinct stream, feed from due) as due left join websocket.streams using (stream)
    cross join lateral (
      select symbol from websocket.coverage_data as one
      where one.stream = due.stream and one.feed = due.feed order by covered_from limit 1
    ) as first
    where exists (select from websocket.kafka_losses as loss where loss.stream = due.stream and loss.symbol = first.symbol)
      or exists (select from websocket.gap_data as gap where gap.stream = due.stream and gap.feed = due.feed and gap.cause = 'kafka')
  ), covered as materialized (
    select stream, feed, floor, ended_state, min(symbol) as symbol, max(covered_to) as covered_to,
      bool_or(is_open and (is_live or is_unread)) as goes_on, range_agg(tstzrange(covered_from, covered_to)) filter (where covered_from < covered_to) as spans
    from target join websocket.coverage using (stream, feed)
    group by stream, feed, floor, ended_state
  ), part as (
    select covered.*, loss.reason, lost_to, lower(span) as started_at, upper(span) as ended_at
    from covered join websocket.kafka_losses as loss using (stream, symbol)
    cross join unnest(spans * tstzmultirange(tstzrange(lost_from, lost_to))) as span
  ), wanted as materialized (
    -- While nothing later is found, the loss may go on as far as the feed is covered.
    select distinct on (stream, feed, started_at) stream, feed, symbol, floor, started_at, reason,
      case when not is_going_on then ended_at end as ended_at, case when is_going_on then 'unknown' else ended_state end as state
    from part cross join lateral (select lost_to is null and goes_on and ended_at = covered_to as is_going_on) as judged
    order by stream, feed, started_at, ended_at desc
  ), waiting as (
    insert into websocket.stale_feeds (stream, feed, since, due_at)
    select stream, feed, max(covered_to), websocket.now() + case when bool_or(lost_to is null) then interval '10 s' else interval '1 s' end
    from covered join websocket.kafka_losses as loss using (stream, symbol)
    where goes_on and coalesce(lost_to, 'infinity') > covered_to
    group by stream, feed
  ), removed as (
    delete from websocket.gap_data as gap using target
    where gap.stream = target.stream and gap.feed = target.feed and gap.cause = 'kafka' and gap.started_at >= floor
      and (gap.stream, gap.feed, gap.started_at) not in (select stream, feed, started_at from wanted)
  )
  insert into websocket.gap_data as known (stream, feed, symbol, cause, started_at, ended_at, reason, state)
  select stream, feed, symbol, 'kafka', started_at, ended_at, reason, state from wanted
  where started_at >= floor or exists (
    select from websocket.gap_data as gap
    where gap.stream = wanted.stream and gap.feed = wanted.feed and gap.cause = 'kafka' and gap.started_at = wanted.started_at)
  on conflict on constraint gap_data_pkey do update set ended_at = excluded.ended_at, reason = excluded.reason,
    -- What was settled stays so while the gap is the same.
    (state, missing, repaired_at) = (select known.state, known.missing, known.repaired_at
      where known.state <> 'unknown' and known.ended_at = excluded.ended_at
      union all select excluded.state, null, null limit 1)
  where (known.ended_at, known.reason) is distinct from (excluded.ended_at, excluded.reason);
  return null;
end
$$;
create trigger compute_losses after delete on websocket.stale_feeds
referencing old table as due for each statement execute function websocket.compute_losses();

-- A jump of ids within a gap of the cause `kafka` is that gap's number, as it is within one of coverage.
do $$
begin
  execute replace(pg_get_functiondef('websocket.check_trade_ids'::regproc),
    'cause = ''coverage''', 'cause in (''coverage'', ''kafka'')');
end
$$;
create trigger note_kafka_gap after insert or update of started_at, ended_at on websocket.gap_data
for each row when (new.stream = 'trade' and new.cause = 'kafka') execute function websocket.note_trade_gap();
create trigger note_kafka_gap_gone after delete on websocket.gap_data
for each row when (old.stream = 'trade' and old.cause = 'kafka') execute function websocket.note_trade_gap();

-- A worker whose clock is ahead, or was, would never be gone: nothing that it says counts as later than when it is stored.
create function websocket.limit_worker_time() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  new.at := least(new.at, websocket.now());
  return new;
end
$$;
create trigger limit_worker_time before insert on websocket.worker_data
for each row execute function websocket.limit_worker_time();
update websocket.worker_data set at = now() where at > now();

revoke execute on function
  websocket.limit_worker_time, websocket.note_stored, websocket.begin_losses, websocket.end_losses, websocket.compute_losses
from public;
