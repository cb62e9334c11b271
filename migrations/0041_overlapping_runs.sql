-- Which feeds nobody wants any more where two runs of a producer overlap, as in a rolling restart. And what was killed is forgotten in time.

-- Until when a session has a say whether its feeds are wanted: until the run that followed it started.
alter table websocket.coverage_sessions add column followed_at timestamptz not null default 'infinity';
update websocket.coverage_sessions set followed_at = '-infinity' where is_followed;

-- When the run started that follows the run of a session that is no longer there: the first later one under the same name that has subscribed
-- all that it wants. Either the session had ended before it started. Or the two overlap, as in a rolling restart: the session was stopped,
-- at most 10 min later, the next run went on, and it has a feed of the former run. If they have none in common, two producers may share
-- the name. If the session was killed, nobody said that its feeds should end.
create function websocket.next_run(former websocket.coverage_sessions) returns timestamptz
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select min(later.started_at) from websocket.coverage_sessions as later
  where (later.producer, later.stream) = (former.producer, former.stream) and later.reason <> 'starting'
    and later.started_at > former.started_at and (
      later.started_at >= former.covered_to - interval '2 s'
      or former.status = 'ended' and later.started_at >= former.covered_to - interval '10 min'
        and later.covered_to > former.covered_to and exists (
          select from websocket.coverage_sessions as run
          join websocket.coverage_data as one on one.session = run.session
          join websocket.coverage_sessions as next
            on (next.producer, next.stream, next.started_at) = (later.producer, later.stream, later.started_at)
          join websocket.coverage_data as other on other.session = next.session and other.feed = one.feed
          where (run.producer, run.stream, run.started_at) = (former.producer, former.stream, former.started_at)));
end;

-- Ends what a run of a producer left open, once another one has followed it: feeds that this does not want are unsubscribed, so nothing is
-- missing of them. But where a third run of the name was beside the former one, for longer than a restart takes, and lacked the feed as
-- well, the next run may be that one's, and says nothing of the feed.
create or replace function websocket.end_followed() returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  old record;
begin
  for old in
    select former.*, next_start,
      case status when 'ended' then interval '10 min' else interval '10 s' end as longest_restart
    from websocket.coverage_sessions as former cross join lateral websocket.next_run(former) as next_start
    where status in ('gone', 'ended') and not is_followed and next_start is not null
  loop
    with run as materialized (
      select started_at, array_agg(session) as sessions, max(covered_to) as covered_to
      from websocket.coverage_sessions
      where (producer, stream) = (old.producer, old.stream) and started_at <> old.started_at
      group by started_at
    ), asked as materialized (
      select started_at = old.next_start as is_next, sessions from run
      where started_at = old.next_start
        or covered_to > old.covered_to - interval '10 min'
          and least(covered_to, old.covered_to) - greatest(started_at, old.started_at) > old.longest_restart
    ), newest as (
      select distinct on (feed) feed, covered_from, covered_to, reason from websocket.coverage
      where session = old.session order by feed, covered_from desc
    ), judged as (
      select feed, covered_from, covered_to, case when reason <> 'delisted' and (
          -- The next run lacks it, and no other one does.
          select bool_or(is_next) and bool_and(is_next) from asked
          where not exists (
            select from websocket.coverage_data as wanted
            where wanted.session = any (asked.sessions) and wanted.feed = newest.feed)
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
    update websocket.coverage_sessions set (is_followed, followed_at) = row (true, old.next_start) where session = old.session;
  end loop;
end
$$;

-- Whether somebody wants a feed at a time, though the last interval before that ended for this reason, as if nobody did: a producer whose
-- newest run has not said the same, or, as two runs may share a name, a session that no run had followed by then. Who covered nothing of
-- it for a week is not asked.
create function websocket.is_wanted(stream text, feed text, at timestamptz, reason text) returns boolean
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  with word as (
    select one.session, one.producer, one.covered_from, known.followed_at, coalesce(known.started_at, one.covered_from) as run,
      one.reason not in ('unsubscribed', 'delisted') and (is_live or one.covered_to > at - interval '7 days') as is_yes
    from websocket.coverage as one left join websocket.coverage_sessions as known using (session)
    where one.stream = is_wanted.stream and one.feed = is_wanted.feed and one.covered_from <= at
  )
  select exists (
    select from (select distinct on (producer) is_yes from word order by producer, run desc, covered_from desc) as last where is_yes
  ) or is_wanted.reason = 'unsubscribed' and exists (
    select from (select distinct on (session) is_yes, followed_at from word order by session, covered_from desc) as last
    where is_yes and followed_at > at
  );
end;

do $$
declare
  definition text := pg_get_functiondef('websocket.compute_gaps'::regproc);
  -- The condition that the function takes the place of.
  former constant text := substring(definition from '(exists \(\s+select from \(\s+select distinct on \(producer\).*?interval ''7 days''\)\))');
begin
  if former is null then
    raise exception 'compute_gaps is not as the migrations before this one left it';
  end if;
  execute replace(definition, former, 'websocket.is_wanted(judged.stream, judged.feed, judged.started_at, judged.reason)');
end
$$;

-- Forgets, beside intervals that ended, those that go on no more as their producer was killed, or as Kafka lost their end. As long as its
-- producer may be asked whether a feed is wanted, or a gap is there only because it was, such an interval stays.
create function websocket.prune_killed() returns void
language sql
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  delete from websocket.coverage_data as known using websocket.coverage as one join websocket.streams using (stream)
  where (known.session, known.feed, known.covered_from) = (one.session, one.feed, one.covered_from)
    and known.reason in ('open', 'silent') and not (is_live or is_unread)
    and one.covered_to < least(pruned_to, websocket.now() - interval '7 days') and exists (
      select from websocket.coverage as later
      where later.stream = one.stream and later.feed = one.feed and later.covered_from > one.covered_from
        and later.covered_from <= pruned_to and greatest(later.covered_from, later.covered_to) >= one.covered_to)
    and not exists (
      select from websocket.gap_data as gap
      where (gap.stream, gap.feed, gap.cause) = (one.stream, one.feed, 'coverage') and gap.reason in ('unsubscribed', 'delisted')
        and gap.started_at between one.covered_to and one.covered_to + interval '7 days'
        and coalesce(gap.ended_at, 'infinity') > pruned_to);
end;

do $$
begin
  execute replace(pg_get_functiondef('websocket.prune_coverage'::regproc),
    'delete from websocket.coverage_data where ctid', 'perform websocket.prune_killed();
  delete from websocket.coverage_data where ctid');
end
$$;

revoke execute on function websocket.next_run, websocket.end_followed, websocket.is_wanted, websocket.prune_killed from public;
