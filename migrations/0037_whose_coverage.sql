-- Whose coverage goes on, and who still wants a feed.

-- A producer that is killed before its session itself is told has told intervals of a session that nobody knows: the session is known from
-- its first interval on, so that it is gone in time.
create or replace function websocket.take_coverage() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  if new.feed <> '' then
    insert into websocket.stale_feeds (stream, feed, since, due_at) values (new.stream, new.feed, new.covered_from, websocket.now());
    if new.reason in ('open', 'silent') then
      insert into websocket.coverage_sessions
        (session, producer, stream, started_at, covered_to, reason, version, heard_at, advanced_at, changed_at, status)
      values (new.session, new.producer, new.stream, new.covered_from, 'epoch', 'starting', 0,
        websocket.now(), websocket.now(), websocket.now(), 'live')
      on conflict (session) do nothing;
    end if;
    return new;
  end if;
  insert into websocket.coverage_sessions as known
    (session, producer, stream, started_at, covered_to, reason, version, heard_at, advanced_at, changed_at, status)
  values (new.session, new.producer, new.stream, new.covered_from, new.covered_to, new.reason, new.version,
    websocket.now(), websocket.now(), websocket.now(), 'live')
  on conflict (session) do update set (started_at, covered_to, reason, version, heard_at, advanced_at) = row (
    excluded.started_at, excluded.covered_to, excluded.reason, excluded.version, excluded.heard_at,
    case when excluded.covered_to > known.covered_to then excluded.heard_at else known.advanced_at end)
  where excluded.version > known.version;
  return null;
end
$$;
insert into websocket.coverage_sessions
  (session, producer, stream, started_at, covered_to, reason, version, heard_at, advanced_at, changed_at, status)
select session, min(producer), min(stream), min(covered_from), 'epoch', 'starting', 0,
  websocket.now(), websocket.now(), websocket.now(), 'live'
from websocket.coverage_data where reason in ('open', 'silent') group by session
on conflict (session) do nothing;

-- Where a session has ended, so have its intervals, though the end of one was lost. One of which the end was lost on Kafka ends where the
-- next one of its session begins, once its session is covered past that.
create or replace view websocket.coverage as
select session, producer, stream, feed, symbol, covered_from,
  case
    when told.reason not in ('open', 'silent') then told.covered_to
    when told.reason = 'silent' then least(told.covered_to, greatest(covered_from, known.covered_to), next_from)
    else least(greatest(covered_from, known.covered_to), next_from)
  end as covered_to,
  case when is_open and known.status = 'gone' then 'no heartbeat' when is_open and known.status = 'ended' then 'stopped'
    else told.reason end as reason,
  dropped,
  told.covered_to as told_to,
  is_open,
  goes_on and is_read as is_live,
  goes_on and not is_read as is_unread,
  told.reason = 'silent' or known.status is not distinct from 'stuck' as is_doubtful
from websocket.coverage_data as told left join websocket.coverage_sessions as known using (session, producer, stream)
cross join lateral (
  select case when told.reason in ('open', 'silent') then (
    select min(later.covered_from) from websocket.coverage_data as later
    where (later.session, later.feed) = (told.session, told.feed) and later.covered_from > told.covered_from
  ) end as next_from
) as following
cross join lateral (
  select told.reason in ('open', 'silent') as is_open,
    told.reason in ('open', 'silent') and coalesce(known.status not in ('gone', 'ended'), true)
      and coalesce(next_from > known.covered_to, true) as goes_on,
    coalesce((select min(read_at) from websocket.coverage_reads) >= now() - interval '10 s', false) as is_read
) as judged;
insert into websocket.stale_feeds (stream, feed, since, due_at)
select stream, feed, covered_from, websocket.now() from websocket.coverage where is_open and (reason = 'stopped' or exists (
  select from websocket.coverage_data as later
  where (later.session, later.feed) = (coverage.session, coverage.feed) and later.covered_from > coverage.covered_from));

-- A producer that covered nothing of a feed for a week before a gap is not asked whether it wanted the feed: it was renamed, or is gone for good.
do $$
begin
  execute replace(replace(pg_get_functiondef('websocket.compute_gaps'::regproc),
    'select distinct on (producer) reason from websocket.coverage_data as one',
    'select distinct on (producer) reason, covered_to, is_live from websocket.coverage as one'),
    'as last_word where last_word.reason not in (''unsubscribed'', ''delisted'')',
    'as last_word where last_word.reason not in (''unsubscribed'', ''delisted'')
          and (is_live or covered_to > judged.started_at - interval ''7 days'')');
end
$$;

-- A loss that ended with a message is the same loss where that message was not stored, and Kafka lost it meanwhile: it goes on.
do $$
begin
  execute replace(pg_get_functiondef('websocket.begin_losses'::regproc), 'on conflict do nothing returning',
    'on conflict on constraint kafka_losses_pkey do update set (lost_to, noted_at, reason) = row (null, excluded.noted_at, excluded.reason)
    returning');
end
$$;
