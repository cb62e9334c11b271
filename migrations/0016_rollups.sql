-- The summaries of any table: no function names a table, but for those that compute a table's summary.

-- `source` is the table that is summarised by second. `stale` is the table of its seconds that have rows which the summary has not read
-- yet. `roll_up` is the function that computes the summary of the whole seconds from one time to another.
create table websocket.rollups (
  source   text  primary key references websocket.daily_tables (parent),
  stale    text  not null,
  roll_up  text  not null
);
insert into websocket.rollups values ('order_book_data', 'stale_seconds', 'roll_up');

-- The days of each table whose rows were dropped. Their summary does not change any more.
alter table websocket.dropped_days add column source text not null default 'order_book_data';
alter table websocket.dropped_days alter column source drop default, drop constraint dropped_days_pkey, add primary key (source, day);

-- Summarises the newest pages of a day's index on time. Queries would read these pages in full otherwise. If a vacuum has the lock,
-- it does nothing: the vacuum does the same work.
drop function websocket.summarise_day;
create function websocket.summarise_day(parent text, time_column text, day date) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set lock_timeout = '20ms'
as $$
declare
  partition constant text := websocket.partition_name(parent, day);
  rows_of_day constant regclass := to_regclass('websocket.' || partition);
  index constant regclass := to_regclass('websocket.' || partition || '_' || time_column || '_idx');
  range_pages constant integer := 128;
  page bigint := (pg_relation_size(rows_of_day) / current_setting('block_size')::integer / range_pages - 1) * range_pages;
begin
  while page >= 0 and brin_summarize_range(index, page) > 0 loop
    page := page - range_pages;
  end loop;
exception
  when lock_not_available then null;
end
$$;

-- Rolls up at most `most` of a table's stale seconds, the newest first, and returns how many. It takes seconds that have had no new rows
-- for the interval `settled`. A mark in the future comes from a clock that was ahead; its second is taken too.
drop function websocket.roll_up_stale;
create function websocket.roll_up_stale(rollup websocket.rollups, settled interval, most integer) returns integer
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  stale timestamptz[];
  run record;
begin
  -- The marks are deleted first. The marks of rows that are committed after this statement began stay.
  execute format($query$
    with taken as (
      delete from websocket.%1$I as mark where mark.second in (
        select mark.second from websocket.%1$I as mark
        group by mark.second
        having max(mark.marked_at) not between clock_timestamp() - $1 and clock_timestamp()
        order by mark.second desc limit $2
      )
      -- A mark may be any instant of its second. The second of the last possible instants has no end that Postgres can represent.
      returning date_trunc('second', least(mark.second, '294276-01-01')) as second
    )
    select coalesce(array_agg(distinct taken.second), '{}') from taken
    $query$, rollup.stale) into stale using settled, most;

  perform websocket.summarise_day(rollup.source, daily.time_column, days.day)
  from websocket.daily_tables as daily, (select distinct second::date as day from unnest(stale) as second) as days
  where daily.parent = rollup.source;

  -- Consecutive seconds are read by one query.
  for run in
    select min(second) as since, max(second) + interval '1 second' as until
    from (
      select second, second - row_number() over (order by second) * interval '1 second' as place
      from unnest(stale) as second
      where second::date not in (
        select dropped.day from websocket.dropped_days as dropped where dropped.source = rollup.source)
    ) as numbered
    group by place
  loop
    execute format('select websocket.%I($1, $2)', rollup.roll_up) using run.since, run.until;
  end loop;
  return cardinality(stale);
end
$$;

-- Updates a table's rollup and returns how many seconds it rolled up; 0 means that nothing is left to do now. One session at a time does
-- the work, for about a quarter of a second, and the others wait. The next call continues. It leaves out seconds that have had new
-- rows within the interval `settled`. If it can't get a lock soon it fails with 55P03.
drop function websocket.refresh_rollup;
create function websocket.refresh_rollup(source text, settled interval default '500 ms') returns integer
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set lock_timeout = '10s'
as $$
declare
  rollup websocket.rollups;
  summary record;
  enough timestamptz;
  -- The number of seconds of a slice. It doubles while slices take little time.
  most integer := 4;
  started timestamptz;
  taken integer;
  refreshed integer := 0;
begin
  -- Only a role that may update the row can lock it, which is the owner's, so no other role can block the work.
  select * into rollup from websocket.rollups where rollups.source = refresh_rollup.source for update;
  if not found then
    raise exception 'Cannot refresh the rollup of % as it has none', source using errcode = 'invalid_parameter_value';
  end if;
  -- It is shorter than deadlock_timeout (1 s): on a deadlock this function fails, not the other session.
  perform set_config('lock_timeout', '500ms', true);
  enough := clock_timestamp() + interval '200 ms';
  execute format('lock table only websocket.%I in access share mode', source);
  for summary in
    select daily.parent from websocket.daily_tables as daily where daily.source = refresh_rollup.source order by daily.ordinal
  loop
    execute format('lock table only websocket.%I in row exclusive mode', summary.parent);
  end loop;
  loop
    started := clock_timestamp();
    taken := websocket.roll_up_stale(rollup, settled, most);
    refreshed := refreshed + taken;
    exit when taken = 0 or clock_timestamp() > enough;
    if clock_timestamp() - started < interval '100 ms' then
      most := most * 2;
    end if;
  end loop;
  return refreshed;
end
$$;

-- The first day of a table that must not be dropped, since the retention keeps it or a summary must still be computed from it. In a
-- table without rows, as of a stream that nobody runs, the clock alone decides: its partitions hold nothing, and are made anew.
create or replace function websocket.needed_since(table_name text) returns date
language plpgsql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  stale constant text := (select rollups.stale from websocket.rollups where rollups.source = table_name);
  since date := websocket.kept_since(table_name);
  unread date;
begin
  if since = '-infinity' then
    select coalesce(max(websocket.now()::date - extract(day from kept.keep)::integer), since) into since
    from websocket.retention as kept join websocket.daily_tables as daily on daily.parent = kept.table_name
    where kept.table_name = needed_since.table_name and (websocket.span_of(daily.parent, daily.time_column, 'infinity')).last is null;
  end if;
  if stale is not null then
    execute format('select min(mark.second)::date from websocket.%I as mark', stale) into unread;
  end if;
  return least(since, unread);
end
$$;

-- Drops some of the rows that a table no longer keeps: whole days, or if there are none up to 5,000 rows of the default partition.
-- Returns in words what it did, or null if there was nothing to drop. A table that a user has detached is the user's.
create or replace function websocket.drop_some(parent text, time_column text) returns text
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  since constant date := websocket.needed_since(parent);
  days constant date[] := array(select day from websocket.partition_days(parent) as day where day < since order by day);
  gone date[];
  done text;
begin
  if days <> '{}' then
    gone := websocket.drop_days(parent, days);
    done := format('dropped %s days of %s, %s are left to drop', cardinality(gone), parent, cardinality(days) - cardinality(gone));
  elsif since > '-infinity' then
    execute format(
      'with gone as (
         delete from websocket.%1$I where ctid = any (array(select ctid from websocket.%1$I where %2$I < %3$L limit 5000))
         returning %2$I::date as day
       )
       select array_agg(distinct day) from gone', parent || '_default', time_column, since::timestamptz) into gone;
    done := format('deleted rows of the default partition of %s that are older than %s', parent, since);
  end if;
  if gone is null then
    return null;
  end if;
  if exists (select from websocket.rollups where rollups.source = drop_some.parent) then
    -- A day that was empty, of a table without rows, may get rows yet.
    insert into websocket.dropped_days (source, day)
    select drop_some.parent, day from unnest(gone) as day where day < websocket.kept_since(drop_some.parent) on conflict do nothing;
  else
    delete from websocket.dropped_days as dropped
    where dropped.day < (
      select min(websocket.kept_since(daily.parent)) from websocket.daily_tables as daily where daily.source = dropped.source);
  end if;
  return done;
end
$$;

revoke execute on function websocket.roll_up_stale, websocket.summarise_day from public;
