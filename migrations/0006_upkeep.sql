-- The functions that the book's consumer calls periodically: they update the rollup, drop old days and rebuild the index of days
-- that are over.

-- Summarises the newest pages of a day's index on time. Queries would read these pages in full otherwise. If a vacuum has the lock,
-- it does nothing: the vacuum does the same work.
create function websocket.summarise_day(day date) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '20ms'
as $$
declare
  ticks constant regclass := to_regclass('websocket.' || websocket.partition_name('order_book_data', day));
  index constant regclass := to_regclass(ticks || '_transaction_time_idx');
  range_pages constant integer := 128;
  page bigint := (pg_relation_size(ticks) / current_setting('block_size')::integer / range_pages - 1) * range_pages;
begin
  while page >= 0 and brin_summarize_range(index, page) > 0 loop
    page := page - range_pages;
  end loop;
exception
  when lock_not_available then null;
end
$$;

-- Rolls up at most 60 of the stale seconds, the newest first, and returns how many. It takes seconds from `since` to `until` that
-- have had no new rows for the interval `settled`.
create function websocket.roll_up_stale(since timestamptz, until timestamptz, settled interval) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  stale timestamptz[];
begin
  -- The marks are deleted first. The marks of rows that are committed after this statement began stay.
  with taken as (
    delete from websocket.stale_seconds where second in (
      select second from websocket.stale_seconds
      where second >= roll_up_stale.since and second < roll_up_stale.until
      group by second having max(marked_at) <= clock_timestamp() - settled
      order by second desc limit 60
    )
    returning second
  )
  select coalesce(array_agg(distinct second), '{}') into stale from taken;

  perform websocket.summarise_day(day) from (select distinct second::date as day from unnest(stale) as second) as days;

  -- Consecutive seconds are read by one query.
  perform websocket.roll_up(min(second), max(second) + interval '1 second')
  from (
    select second, second - row_number() over (order by second) * interval '1 second' as run
    from unnest(stale) as second
    where second::date not in (select day from websocket.dropped_days)
  ) as numbered
  group by run;
  return cardinality(stale);
end
$$;

-- Updates the rollup and returns how many seconds it rolled up. One session at a time does the work, for half a second at most; the
-- next call continues. It leaves out seconds that have had new rows within the interval `settled`.
create function websocket.refresh_rollup(settled interval default '500 ms') returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  enough constant timestamptz := clock_timestamp() + interval '500 ms';
  taken integer;
  refreshed integer := 0;
begin
  if not pg_try_advisory_xact_lock('websocket.stale_seconds'::regclass::oid::bigint) then
    return 0;
  end if;
  lock table only websocket.order_book_data in access share mode;
  lock table only websocket.order_book_1s, only websocket.order_book_1m in row exclusive mode;
  loop
    taken := websocket.roll_up_stale('-infinity', 'infinity', settled);
    refreshed := refreshed + taken;
    exit when taken = 0 or clock_timestamp() > enough;
  end loop;
  return refreshed;
end
$$;

-- Drops the days of ticks and of the rollup that are older than their retention, and returns how many. If such ticks are not rolled
-- up yet, it only rolls them up. If it can't get a lock it fails with 55P03. In both cases the next call continues.
create function websocket.drop_partitions(retention_days integer, rollup_retention_days integer default 0) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  old record;
  outlived cursor for
    select parent, time_column, is_rollup, day
    from websocket.daily_tables,
      websocket.outlived_days(parent, time_column, websocket.kept_since(
        case when is_rollup then rollup_retention_days else retention_days end)) as day
    order by ordinal, day;
  dropped integer := 0;
begin
  open outlived;
  fetch outlived into old;
  close outlived;
  if old is null or not pg_try_advisory_xact_lock('websocket.stale_seconds'::regclass::oid::bigint) then
    return 0;
  end if;
  if websocket.roll_up_stale('-infinity', websocket.kept_since(retention_days), '0') > 0 then
    return 0;
  end if;
  for old in select * from websocket.daily_tables order by ordinal loop
    execute format('lock table only websocket.%I in access exclusive mode', old.parent);
  end loop;
  for old in outlived loop
    perform websocket.drop_day(old.parent, old.time_column, old.day);
    if old.is_rollup then
      delete from websocket.dropped_days where day = old.day;
    else
      insert into websocket.dropped_days values (old.day) on conflict do nothing;
    end if;
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;

-- Rebuilds the primary key's index of the oldest day that is over, not rebuilt yet and rolled up completely. Returns the index's
-- name, or null if there is no such day. Ticks of several symbols leave the pages of the index half empty: rebuilt, it takes half
-- the bytes. Meanwhile late ticks of that day wait, and so do queries that read the day or that might, such as those bounded by now().
create function websocket.pack_partition() returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
set timezone = 'UTC'
as $$
declare
  index regclass;
begin
  select oid into index
  from websocket.partition_days('order_book_data') as day
  join pg_class on oid = to_regclass('websocket.' || websocket.partition_name('order_book_data', day) || '_pkey')
  where day + 1 <= websocket.now() - interval '6 hours' and reloptions is null
    and not exists (select from websocket.stale_seconds where second >= day and second < day + 1)
  order by day limit 1;
  if index is not null and pg_try_advisory_xact_lock('websocket.order_book_data'::regclass::oid::bigint) then
    -- The setting also marks the day as done.
    execute format('alter index %s set (fillfactor = 100)', index);
    execute format('reindex index %s', index);
  end if;
  return index;
end
$$;

revoke execute on function
  websocket.summarise_day, websocket.roll_up_stale, websocket.refresh_rollup, websocket.drop_partitions,
  websocket.pack_partition
from public;

-- A database of the first schema may hold ticks already. They get the partitions of all their days, and their rollup.
select websocket.make_partitions(0);
insert into websocket.stale_seconds select distinct date_trunc('second', transaction_time) from websocket.order_book_data;
