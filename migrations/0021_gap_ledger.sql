-- The job that keeps the gap ledger: a gap is what no interval of a feed covers. A round looks only at feeds of which something has
-- changed since the last one. It leaves gaps of other causes alone, and those from before a feed's first interval.

-- One row: whoever does a round locks it, so that one round is under way at a time. Nobody without the right to write can lock it.
create table websocket.gap_ledger (
  is_only         boolean  primary key default true check (is_only),
  was_read_to_end boolean  not null default false
);
insert into websocket.gap_ledger default values;

-- Feeds of which nobody can tell now whether they are covered, as the coverage topic is not read. The gap ledger has no row for that:
-- the process that keeps it is the one that reads the topic.
create view websocket.unread_feeds as
select stream, feed, min(symbol) as symbol, max(covered_to) as covered_to
from websocket.coverage
where is_unread and not exists (
  select from websocket.gap_data as gap where (gap.stream, gap.feed) = (coverage.stream, coverage.feed) and gap.ended_at is null)
group by stream, feed;

-- Notes all feeds as stale that have an interval of these sessions that goes on.
create function websocket.note_stale(sessions text[]) returns void
language sql
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  insert into websocket.stale_feeds (stream, feed, since, due_at)
  select stream, feed, covered_from, websocket.now()
  from websocket.coverage_data where session = any (sessions) and reason in ('open', 'silent');
end;

-- Judges by the database's clock which sessions are alive. A session is gone only while the topic is read to its end.
create function websocket.judge_sessions(read_at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  changed text[];
begin
  with judged as (
    select session, case
        when reason = 'stopped' then 'ended'
        when heard_at < read_at - interval '6 s' then 'gone'
        when status = 'gone' and heard_at < changed_at then 'gone'
        when advanced_at < websocket.now() - interval '10 s' then 'stuck'
        else 'live'
      end as verdict
    from websocket.coverage_sessions
  ), updated as (
    update websocket.coverage_sessions as known set status = verdict, changed_at = websocket.now()
    from judged where judged.session = known.session and verdict <> known.status
    returning known.session
  )
  select array_agg(session) into changed from updated;
  perform websocket.note_stale(changed);
end
$$;

-- Ends what a run of a producer left open, once the next run under the same name has subscribed all that it wants: feeds that it does
-- not want are unsubscribed, so nothing is missing of them. A run that went on after the other's start was not followed by it.
create function websocket.end_followed() returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  old record;
begin
  for old in
    select session, producer, stream, covered_to, next.started_at as next_start
    from websocket.coverage_sessions as former cross join lateral (
      select min(started_at) as started_at from websocket.coverage_sessions as later
      where (later.producer, later.stream) = (former.producer, former.stream) and later.reason <> 'starting'
        and later.started_at > former.started_at and later.started_at >= former.covered_to - interval '2 s'
    ) as next
    where status in ('gone', 'ended') and not is_followed and next.started_at is not null
  loop
    with newest as (
      select distinct on (feed) feed, covered_from, covered_to, reason from websocket.coverage
      where session = old.session order by feed, covered_from desc
    ), judged as (
      select feed, covered_from, covered_to, case when reason <> 'delisted' and not exists (
          select from websocket.coverage_data as wanted join websocket.coverage_sessions as later using (session, producer, stream)
          where (producer, stream) = (old.producer, old.stream) and later.started_at = old.next_start and wanted.feed = newest.feed
        ) then 'unsubscribed' else reason end as reason
      from newest
    ), updated as (
      update websocket.coverage_data as known set covered_to = judged.covered_to, reason = judged.reason
      from judged
      where known.session = old.session and (known.feed, known.covered_from) = (judged.feed, judged.covered_from)
        and known.reason <> judged.reason
      returning known.stream, known.feed, known.covered_from
    )
    insert into websocket.stale_feeds (stream, feed, since, due_at)
    select stream, feed, covered_from, websocket.now() from updated;
    update websocket.coverage_sessions set is_followed = true where session = old.session;
  end loop;
end
$$;

-- Computes the gaps of stale feeds anew, of so many feeds at most. Returns how many notes of them there were.
create function websocket.compute_gaps(read_at timestamptz, most integer) returns integer
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
-- The planner does not know how few feeds are stale.
set enable_seqscan = off
set jit = off
as $$
declare
  -- What is not known for so long is said to be unknown.
  overdue constant timestamptz := websocket.now() - interval '10 s';
  marks integer;
begin
  with due as (
    delete from websocket.stale_feeds where due_at <= websocket.now() and (stream, feed) in (
      select stream, feed from websocket.stale_feeds where due_at <= websocket.now() order by due_at limit most)
    returning stream, feed, since
  ), target as materialized (
    -- All that begins after the last interval that ended before the first change, and that interval.
    select stale.*, ended_before, coalesce(pruned_to, '-infinity') as floor,
      case when not can_be_fetched then 'lost' else 'unrepaired' end as ended_state
    from (select stream, feed, min(since) as since from due group by stream, feed) as stale
    left join websocket.streams using (stream)
    cross join lateral (
      select max(covered_to) as ended_before from websocket.coverage_data as one
      where one.stream = stale.stream and one.feed = stale.feed and one.reason not in ('open', 'silent')
        and one.covered_from < one.covered_to and one.covered_to < since
    ) as earlier
  ), span as materialized (
    select target.*, symbol, covered_from, covered_to, reason, dropped, is_live, is_doubtful,
      min(covered_from) over (partition by target.stream, target.feed) as first_from
    from target left join lateral (
      select * from websocket.coverage as one
      where one.stream = target.stream and one.feed = target.feed and not is_open and told_to >= coalesce(ended_before, '-infinity')
      union all
      select * from websocket.coverage as one
      where one.stream = target.stream and one.feed = target.feed and is_open
        and (is_live or covered_to >= coalesce(ended_before, '-infinity'))
    ) as one on true
  ), marked as (
    select *, min(covered_to) filter (where is_live) over (partition by stream, feed) as pending_from,
      bool_and(is_doubtful) filter (where is_live) over (partition by stream, feed) as are_doubtful,
      coalesce(covered_from > max(covered_to) over (
        partition by stream, feed order by covered_from, covered_to rows between unbounded preceding and 1 preceding), false) as is_new
    from span
    -- A feed that was subscribed and lost before anything was known to be covered: what it missed since is a gap.
    where covered_from < covered_to or is_live or ended_before is null and covered_from = first_from
  ), numbered as (
    select *, count(*) filter (where is_new) over (partition by stream, feed order by covered_from, covered_to
      rows unbounded preceding) as island
    from marked
  ), island as (
    select distinct on (stream, feed, island) *, min(covered_from) over (partition by stream, feed, island) as island_from
    from numbered order by stream, feed, island, covered_to desc, dropped desc nulls last, reason desc
  ), hole as (
    select *, covered_to as started_at, lead(island_from) over (partition by stream, feed order by island) as ended_at
    from island
  ), judged as (
    select stream, feed, symbol, floor, started_at, ended_at, reason, dropped, are_doubtful,
      coalesce(pending_from < coalesce(ended_at, 'infinity'), false) as is_pending,
      case
        when pending_from < coalesce(ended_at, 'infinity') or read_at is null then 'unknown'
        when ended_at is null then 'open'
        else ended_state
      end as state
    from hole where started_at >= coalesce(ended_before, '-infinity')
  ), wanted as materialized (
    select * from judged
    -- While a session is alive it will tell of the time since it last spoke.
    where not (is_pending and (started_at >= overdue or ended_at is null and not are_doubtful)) and (
      reason not in ('unsubscribed', 'delisted') or exists (
        select from (
          select distinct on (producer) reason from websocket.coverage_data as one
          where one.stream = judged.stream and one.feed = judged.feed and one.covered_from <= judged.started_at
          order by producer, covered_from desc
        ) as last_word where last_word.reason not in ('unsubscribed', 'delisted')))
  ), waiting as (
    insert into websocket.stale_feeds (stream, feed, since, due_at)
    select stream, feed, started_at, case when ended_at is null and started_at < overdue then websocket.now() + interval '10 s'
      else greatest(websocket.now() + interval '1 s', started_at + interval '10 s') end
    from judged where is_pending and (ended_at is not null or are_doubtful)
  ), removed as (
    delete from websocket.gap_data as gap using (
      select stream, feed, greatest(floor, coalesce(ended_before, least(since, min(covered_from)))) as looked_from
      from span group by stream, feed, floor, ended_before, since
    ) as looked_at
    where gap.stream = looked_at.stream and gap.feed = looked_at.feed and gap.cause = 'coverage' and gap.started_at >= looked_from
      and (gap.stream, gap.feed, gap.started_at) not in (select stream, feed, started_at from wanted)
  ), stored as (
    insert into websocket.gap_data as known (stream, feed, symbol, started_at, ended_at, reason, dropped, state)
    select stream, feed, symbol, started_at, ended_at, case reason when 'open' then 'no progress' else reason end, dropped, state
    from wanted where started_at >= floor or exists (
      select from websocket.gap_data as gap
      where gap.stream = wanted.stream and gap.feed = wanted.feed and gap.cause = 'coverage' and gap.started_at = wanted.started_at)
    on conflict on constraint gap_data_pkey do update set (ended_at, reason, dropped) = row (
        excluded.ended_at, excluded.reason, excluded.dropped),
      -- What was settled stays so while the gap is the same.
      (state, missing, repaired_at) = (select known.state, known.missing, known.repaired_at
        where known.state not in ('open', 'unknown') and known.ended_at = excluded.ended_at
        union all select excluded.state, null, null limit 1)
    where (known.ended_at, known.reason, known.dropped) is distinct from (excluded.ended_at, excluded.reason, excluded.dropped)
      or known.state in ('open', 'unknown') and known.state <> excluded.state
  )
  select count(*) into marks from due;
  return marks;
end
$$;

-- Brings the gap ledger up to date. `done` is null once nothing is left to do at once. Any number of consumers may call it: one works.
create function websocket.keep_gaps(out done integer, out warning text)
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  -- Feeds of a round: it takes a few tens of ms, and what is written meanwhile does not wait for longer.
  most constant integer := 50;
  read_at constant timestamptz := websocket.coverage_read_at();
  was_read_to_end boolean;
begin
  select ledger.was_read_to_end into was_read_to_end from websocket.gap_ledger as ledger for update skip locked;
  if not found then
    return;
  end if;
  perform websocket.judge_sessions(read_at);
  perform websocket.end_followed();
  if was_read_to_end <> (read_at is not null) then
    update websocket.gap_ledger as ledger set was_read_to_end = read_at is not null;
    insert into websocket.stale_feeds (stream, feed, since, due_at)
    select stream, feed, min(started_at), websocket.now() from websocket.gap_data
    where state in ('open', 'unknown') and cause = 'coverage' group by stream, feed;
  end if;
  if websocket.compute_gaps(read_at, most) >= most then
    done := most;
  end if;
  perform websocket.prune_coverage();

  select string_agg(distinct format('two producers of %s run at once under the name %s: give each its own PRODUCER_NAME',
    one.stream, one.producer), '; ')
  into warning
  from websocket.coverage_sessions as one join websocket.coverage_sessions as other using (producer, stream)
  where one.status in ('live', 'stuck') and other.status in ('live', 'stuck')
    and one.covered_to > other.started_at + interval '10 s' and one.started_at < other.started_at;
end
$$;

revoke execute on function
  websocket.note_stale, websocket.judge_sessions, websocket.end_followed, websocket.compute_gaps, websocket.keep_gaps
from public;
