-- An interval of which the end was lost on Kafka ends where the next one of its session begins, once its session is covered past that.
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
select stream, feed, covered_from, websocket.now() from websocket.coverage where is_open and exists (
  select from websocket.coverage_data as later
  where (later.session, later.feed) = (coverage.session, coverage.feed) and later.covered_from > coverage.covered_from);
