-- What the producers covered, as they say it themselves, and the table of gaps that follows from it. `covered_from`, `covered_to`,
-- `started_at` and `ended_at` are the exchange's time. Other times are the database's, so no two machines' clocks are compared.

select websocket.set_aside('coverage_data');

-- Which table has a stream's rows, and whether the exchange still has what was missed. What ended before `pruned_to` is forgotten.
create table websocket.streams (
  stream          text         collate "C" primary key,
  table_name      text         not null,
  can_be_fetched  boolean      not null,
  pruned_to       timestamptz  not null default '-infinity',
  pruned_at       timestamptz  not null default '-infinity'
);
insert into websocket.streams (stream, table_name, can_be_fetched) values
  ('kline', 'kline_data', true),
  ('book', 'order_book_data', false);

-- One row an interval: all of a feed's messages from `covered_from` on, and before `covered_to`, were received and acked by Kafka.
-- `reason` says why it ended. `open`: it goes on as far as its session is covered, and its `covered_to` says nothing yet. `silent`:
-- it goes on, and is covered to `covered_to` only until the feed speaks. Of two versions of a row the later one counts.
create table websocket.coverage_data (
  covered_from  timestamptz  not null,
  covered_to    timestamptz  not null,
  version       bigint       not null,
  dropped       bigint,
  session       text         not null collate "C",
  producer      text         not null collate "C",
  feed          text         not null collate "C",
  symbol        text         not null collate "C",
  stream        text         not null collate "C",
  reason        text         not null collate "C",
  primary key (session, feed, covered_from)
);
create index coverage_data_ended_idx on websocket.coverage_data (stream, feed, covered_to) where reason not in ('open', 'silent');
create index coverage_data_open_idx on websocket.coverage_data (stream, feed) where reason in ('open', 'silent');
create index coverage_data_session_idx on websocket.coverage_data (session) where reason in ('open', 'silent');
comment on table websocket.coverage_data is
  'Intervals in which a producer received all messages of a feed. For those that are open see websocket.coverage.';

-- One row a session, which is one connection of a producer and those that took its place. Its producer says every second how far
-- it is covered, in one message whatever the number of feeds. `reason`: `starting` until all connections of the producer were
-- subscribed, then `open`, and `stopped` at last. `started_at` is the same for all sessions of one run of a producer.
create table websocket.coverage_sessions (
  started_at   timestamptz  not null,
  covered_to   timestamptz  not null,
  version      bigint       not null,
  heard_at     timestamptz  not null,
  advanced_at  timestamptz  not null,
  changed_at   timestamptz  not null,
  is_followed  boolean      not null default false,
  session      text         collate "C" primary key,
  producer     text         not null collate "C",
  stream       text         not null collate "C",
  reason       text         not null collate "C",
  status       text         not null collate "C" check (status in ('live', 'stuck', 'gone', 'ended'))
) with (fillfactor = 50);
comment on table websocket.coverage_sessions is
  'Connections of producers, and how far each is covered. heard_at, advanced_at: when its last message, and its last progress, was '
  'stored. stuck: it is alive but has made no progress for 10 s. gone: it said nothing for 6 s though its topic was read to the end.';

-- Feeds whose gaps are to be computed anew, from `since` on. Whoever changes coverage adds them in the same transaction.
create table websocket.stale_feeds (
  since   timestamptz  not null,
  due_at  timestamptz  not null,
  stream  text         not null collate "C",
  feed    text         not null collate "C"
);
create index stale_feeds_due_at_idx on websocket.stale_feeds (due_at);
create index stale_feeds_feed_idx on websocket.stale_feeds (stream, feed, due_at);
-- Without a key or an identity no row can be deleted where a publication covers all tables.
alter table websocket.stale_feeds replica identity full;

-- Since when, and until when, a partition of the coverage topic has been read to its end without a break.
create table websocket.coverage_reads (
  partition   integer      primary key,
  partitions  integer      not null,
  since       timestamptz  not null,
  read_at     timestamptz  not null
);

-- Puts a message of a session itself, which names no feed, where sessions are, and notes the feeds of the others as stale.
create function websocket.take_coverage() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  if new.feed <> '' then
    insert into websocket.stale_feeds (stream, feed, since, due_at) values (new.stream, new.feed, new.covered_from, websocket.now());
    return new;
  end if;
  insert into websocket.coverage_sessions as known
    (session, producer, stream, started_at, covered_to, reason, version, heard_at, advanced_at, changed_at, status)
  values (new.session, new.producer, new.stream, new.covered_from, new.covered_to, new.reason, new.version,
    websocket.now(), websocket.now(), websocket.now(), 'live')
  on conflict (session) do update set (covered_to, reason, version, heard_at, advanced_at) = row (
    excluded.covered_to, excluded.reason, excluded.version, excluded.heard_at,
    case when excluded.covered_to > known.covered_to then excluded.heard_at else known.advanced_at end)
  where excluded.version > known.version;
  return null;
end
$$;
create trigger take_coverage before insert on websocket.coverage_data
for each row execute function websocket.take_coverage();

-- Says that a partition is read to its end: all that it held so many ms ago is stored. A break of 3 s begins a new reading.
-- Partitions that the topic does not have any more are forgotten: nobody reads them.
create function websocket.note_coverage_read(partition integer, partitions integer, ago_ms double precision default 0) returns void
language sql security definer
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  insert into websocket.coverage_reads as known (partition, partitions, since, read_at)
  select partition, partitions, at, at from (select websocket.now() - make_interval(secs => ago_ms / 1000) as at) as moment
  on conflict on constraint coverage_reads_pkey do update set (partitions, since, read_at) = row (
    excluded.partitions,
    case when excluded.read_at - known.read_at between interval '0' and interval '3 s' then known.since else excluded.since end,
    excluded.read_at);
  delete from websocket.coverage_reads as known where known.partition >= note_coverage_read.partitions;
end;

-- Until when the topic is read to its end. Null where it is behind, or was so within the last 20 s: as long a producer may need to
-- speak again once Kafka is back.
create function websocket.coverage_read_at() returns timestamptz
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select min(read_at) from websocket.coverage_reads
  having count(*) = max(partitions) and min(read_at) >= websocket.now() - interval '3 s'
    and max(since) <= websocket.now() - interval '20 s';
end;

-- The intervals with their ends as far as these are known by now. None is live while the topic has not been read for 10 s: each is
-- known only as far as its session told until then.
create view websocket.coverage as
select session, producer, stream, feed, symbol, covered_from,
  case
    when told.reason not in ('open', 'silent') then told.covered_to
    when told.reason = 'silent' then least(told.covered_to, greatest(covered_from, known.covered_to))
    else greatest(covered_from, known.covered_to)
  end as covered_to,
  case when is_open and known.status = 'gone' then 'no heartbeat' else told.reason end as reason,
  dropped,
  told.covered_to as told_to,
  is_open,
  goes_on and is_read as is_live,
  goes_on and not is_read as is_unread,
  told.reason = 'silent' or known.status is not distinct from 'stuck' as is_doubtful
from websocket.coverage_data as told left join websocket.coverage_sessions as known using (session, producer, stream)
cross join lateral (
  select told.reason in ('open', 'silent') as is_open,
    told.reason in ('open', 'silent') and known.status is distinct from 'gone' as goes_on,
    coalesce((select min(read_at) from websocket.coverage_reads) >= now() - interval '10 s', false) as is_read
) as judged;

-- Forgets intervals of days that their stream's table no longer keeps, but not a feed's last one, and sessions without intervals.
create function websocket.prune_coverage() returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  update websocket.streams set pruned_at = websocket.now(), pruned_to = greatest(pruned_to, websocket.kept_since(table_name))
  where pruned_at < websocket.now() - interval '10 min';
  if not found then
    return;
  end if;
  delete from websocket.coverage_data where ctid = any (array(
    select one.ctid from websocket.coverage_data as one join websocket.streams using (stream)
    where one.reason not in ('open', 'silent') and one.covered_to < pruned_to and exists (
      select from websocket.coverage_data as later
      where (later.stream, later.feed) = (one.stream, one.feed) and later.covered_from > one.covered_from)
    limit 20000));
  delete from websocket.coverage_sessions as known where status in ('gone', 'ended')
    and changed_at < websocket.now() - interval '1 day'
    and not exists (select from websocket.coverage_data where coverage_data.session = known.session);
end
$$;

-- The gap ledger has a row a feed, a cause and a beginning; `first_id` is 0 where there is none.
alter table websocket.gap_data
  add column feed text not null default '' collate "C",
  add column cause text not null default 'coverage' collate "C" check (cause in ('coverage', 'ids', 'kafka')),
  add column first_id bigint not null default 0,
  add column last_id bigint,
  add column missing bigint,
  add column state text not null default 'unrepaired' collate "C"
    check (state in ('open', 'unknown', 'unrepaired', 'repaired', 'absent', 'lost')),
  add column repaired_at timestamptz,
  alter column ended_at drop not null,
  drop constraint gap_data_pkey;

-- The feeds that a gap of the first version is of, which named the symbol alone: a gap was of all intervals of its candles.
create function websocket.feeds_of(stream text, symbol text) returns setof text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select lower(symbol) || '@bookTicker' where stream = 'book'
  union all
  select lower(symbol) || '@kline_' || span
  from unnest('{1m,3m,5m,15m,30m,1h,2h,4h,6h,8h,12h,1d,3d,1w,1M}'::text[]) as span
  where stream = 'kline' and (span = '1m' or exists (
    select from websocket.kline_data where kline_data.symbol = feeds_of.symbol and kline_data.interval = span));
end;

-- What happens to a gap that has ended: the exchange may still have it, or nobody has.
create function websocket.ended_state(stream text) returns text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
return case when exists (
  select from websocket.streams where streams.stream = ended_state.stream and not can_be_fetched
) then 'lost' else 'unrepaired' end;

update websocket.gap_data set
  feed = (select min(one) from websocket.feeds_of(stream, symbol) as one), state = websocket.ended_state(stream);
-- Two that begin at once are one gap now: the longer one.
delete from websocket.gap_data as gap using websocket.gap_data as other
where (gap.stream, gap.feed, gap.started_at) = (other.stream, other.feed, other.started_at)
  and (gap.ended_at, gap.reason) < (other.ended_at, other.reason);
alter table websocket.gap_data
  alter column feed drop default, add primary key (stream, feed, cause, started_at, first_id);
create index gap_data_unsettled_idx on websocket.gap_data (stream, feed) where state in ('open', 'unknown');
insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, dropped, state)
select stream, one, symbol, started_at, ended_at, reason, dropped, state
from websocket.gap_data, websocket.feeds_of(stream, symbol) as one on conflict do nothing;
comment on table websocket.gap_data is
  'What is missing, by the exchange''s time: from started_at on, before ended_at (null: it goes on). state: open, unknown (cannot be '
  'told now), unrepaired, repaired, absent (the exchange has nothing there), lost. dropped, missing: how many, where known.';

-- Takes a gap of the first version, which has the symbol for its feed, as the migration took those that were stored.
create function websocket.carry_over_gap() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  insert into websocket.gap_data as known (stream, feed, symbol, started_at, ended_at, reason, dropped, state)
  select new.stream, one, new.symbol, new.started_at, new.ended_at, new.reason, new.dropped, websocket.ended_state(new.stream)
  from websocket.feeds_of(new.stream, new.symbol) as one
  on conflict on constraint gap_data_pkey do update set (ended_at, dropped) = row (
    greatest(known.ended_at, excluded.ended_at), greatest(known.dropped, excluded.dropped));
  return null;
end
$$;
create trigger carry_over_gap before insert on websocket.gap_data
for each row when (new.feed = new.symbol) execute function websocket.carry_over_gap();

revoke execute on function
  websocket.take_coverage, websocket.note_coverage_read, websocket.prune_coverage, websocket.carry_over_gap
from public;

insert into websocket.writable values ('coverage_data', 'insert, update');
