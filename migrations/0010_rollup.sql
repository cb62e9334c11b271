-- The rollup names every column that it reads and writes, so a user may add columns to these tables. Its calls are bounded in time
-- and in their locks, and indexes are no longer rebuilt.

-- If a publication covers all tables, rows of a table without a primary key and a replica identity can't be deleted.
alter table websocket.stale_seconds replica identity full;

-- Updates the rollup of the whole seconds from `since` to `until`, and of the minutes that contain them. The range is a literal in
-- the statements, so that the planner neither reads nor locks the partitions of other days. Sequential scans are off, since the
-- statistics of a partition that grows all day are old: the planner takes it for small and would not use the index on time.
-- Columns are qualified and the statements use no variables, so a user may add a column of any name to the tables.
create or replace function websocket.roll_up(since timestamptz, until timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set enable_seqscan = off
as $$
declare
  measures constant text :=
    'ticks, mean_delay, max_delay, bid_price, bid_qty, ask_price, ask_qty, min_spread, max_spread, mean_spread, mean_imbalance';
  upsert constant text := format(
    'do update set (%s) = row (%s)', measures, regexp_replace(measures, '\w+', 'excluded.\&', 'g'));
  symbols text[];
begin
  execute format($query$
    with renewed as (
      insert into websocket.order_book_1s as stored (symbol, second, %s)
      select
        tick.symbol, tick.second, count(*), avg(tick.delay), max(tick.delay),
        (max(tick.quote))[3], (max(tick.quote))[4], (max(tick.quote))[5], (max(tick.quote))[6],
        min(tick.spread), max(tick.spread), avg(tick.spread), avg(tick.imbalance)
      from (
        select
          one.symbol, date_trunc('second', one.transaction_time) as second, one.received_at - one.event_time as delay,
          one.ask_price - one.bid_price as spread,
          (one.bid_qty - one.ask_qty) / nullif(one.bid_qty + one.ask_qty, 0) as imbalance,
          -- The greatest array is that of the last update. Sorting the rows instead would take half of the time.
          array[
            one.update_id, extract(epoch from one.transaction_time), one.bid_price, one.bid_qty, one.ask_price, one.ask_qty
          ]::numeric[] as quote
        from websocket.order_book_data as one
        where one.transaction_time >= %L and one.transaction_time < %L
        offset 0 -- so each of these expressions is computed once
      ) as tick
      group by tick.symbol, tick.second
      on conflict (symbol, second) %s
      returning stored.symbol
    )
    select array_agg(distinct renewed.symbol) from renewed
    $query$, measures, since, until, upsert) into symbols;

  execute format($query$
    insert into websocket.order_book_1m (symbol, minute, %s)
    select
      one.symbol, date_trunc('minute', one.second),
      sum(one.ticks)::bigint, sum(one.mean_delay * one.ticks) / sum(one.ticks), max(one.max_delay),
      (array_agg(one.bid_price order by one.second desc))[1], (array_agg(one.bid_qty order by one.second desc))[1],
      (array_agg(one.ask_price order by one.second desc))[1], (array_agg(one.ask_qty order by one.second desc))[1],
      min(one.min_spread), max(one.max_spread), sum(one.mean_spread * one.ticks) / sum(one.ticks),
      sum(one.mean_imbalance * one.ticks) / sum(one.ticks) filter (where one.mean_imbalance is not null)
    from websocket.order_book_1s as one
    where one.symbol = any (%L) and one.second >= %L and one.second < %L
    group by one.symbol, date_trunc('minute', one.second)
    on conflict (symbol, minute) %s
    $query$, measures, symbols,
    date_trunc('minute', since), date_trunc('minute', until - interval '1 second') + interval '1 minute', upsert);
end
$$;

drop function websocket.minute_of;
drop function websocket.seconds_of;

-- Rolls up at most `most` of the stale seconds, the newest first, and returns how many. It takes seconds that have had no new rows for
-- the interval `settled`. A mark in the future comes from a clock that was ahead; its second is taken too.
drop function websocket.roll_up_stale;
create function websocket.roll_up_stale(settled interval, most integer) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  stale timestamptz[];
begin
  -- The marks are deleted first. The marks of rows that are committed after this statement began stay.
  execute $query$
    with taken as (
      delete from websocket.stale_seconds as mark where mark.second in (
        select mark.second from websocket.stale_seconds as mark
        group by mark.second
        having max(mark.marked_at) not between clock_timestamp() - $1 and clock_timestamp()
        order by mark.second desc limit $2
      )
      -- A mark may be any instant of its second. The second of the last possible instants has no end that Postgres can represent.
      returning date_trunc('second', least(mark.second, '294276-01-01')) as second
    )
    select coalesce(array_agg(distinct taken.second), '{}') from taken
    $query$ into stale using settled, most;

  perform websocket.summarise_day(day) from (select distinct second::date as day from unnest(stale) as second) as days;

  -- Consecutive seconds are read by one query.
  perform websocket.roll_up(min(second), max(second) + interval '1 second')
  from (
    select second, second - row_number() over (order by second) * interval '1 second' as run
    from unnest(stale) as second
    where second::date not in (select dropped.day from websocket.dropped_days as dropped)
  ) as numbered
  group by run;
  return cardinality(stale);
end
$$;
revoke execute on function websocket.roll_up_stale from public;

-- Updates the rollup and returns how many seconds it rolled up; 0 means that nothing is left to do now. One session at a time does
-- the work, for about a quarter of a second, and the others wait. The next call continues. It leaves out seconds that have had new
-- rows within the interval `settled`. If it can't get a lock soon it fails with 55P03.
create or replace function websocket.refresh_rollup(settled interval default '500 ms') returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '10s'
as $$
declare
  enough timestamptz;
  -- The number of seconds of a slice. It doubles while slices take little time.
  most integer := 4;
  started timestamptz;
  taken integer;
  refreshed integer := 0;
begin
  -- Only the owner's role can take this lock, so no other role can block the work.
  lock table only websocket.dropped_days in share update exclusive mode;
  -- It is shorter than deadlock_timeout (1 s): on a deadlock this function fails, not the other session.
  perform set_config('lock_timeout', '500ms', true);
  enough := clock_timestamp() + interval '200 ms';
  lock table only websocket.order_book_data in access share mode;
  lock table only websocket.order_book_1s, only websocket.order_book_1m in row exclusive mode;
  loop
    started := clock_timestamp();
    taken := websocket.roll_up_stale(settled, most);
    refreshed := refreshed + taken;
    exit when taken = 0 or clock_timestamp() > enough;
    if clock_timestamp() - started < interval '100 ms' then
      most := most * 2;
    end if;
  end loop;
  return refreshed;
end
$$;

-- It blocked readers of the day for minutes.
drop function websocket.pack_partition;
