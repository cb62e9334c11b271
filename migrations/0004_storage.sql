-- Days of storage: a partition a day (UTC), made ahead of need and dropped after the retention. What makes and drops them
-- runs with the rights of the schema's owner, so that workers need none of their own.

-- The database's clock, in one place: a test may put another in its stead.
create function websocket.now() returns timestamptz
language sql stable
return pg_catalog.now();

-- The first instant that a retention of so many days keeps; 0 keeps all. Whole days, as whole partitions go.
create function websocket.kept_since(retention_days integer) returns timestamptz
language sql stable
return case
  when retention_days > 0 then date_trunc('day', websocket.now() - make_interval(hours => 24 * retention_days), 'UTC')
  else '-infinity'
end;

-- Finds the rows of a second at no bytes a row, as rows come in order of time, near enough.
create index on websocket.order_book_data using brin (transaction_time);

-- The tables that have a partition a day, and by which column. Whoever locks several does so in this order.
create table websocket.daily_tables (
  ordinal      integer  primary key,
  parent       text     not null,
  time_column  text     not null,
  is_rollup    boolean  not null
);
insert into websocket.daily_tables values (1, 'order_book_data', 'transaction_time', false);

-- The name of a day's partition.
create function websocket.partition_name(parent text, day date) returns text
language sql immutable
return parent || to_char(day, '_YYYYMMDD');

-- The days that a table has partitions of.
create function websocket.partition_days(parent text) returns setof date
language sql stable
begin atomic
  select to_date(right(child.relname, 8), 'YYYYMMDD')
  from pg_inherits
  join pg_class as child on child.oid = inhrelid
  where inhparent = format('websocket.%I', parent)::regclass and child.relname ~ '_\d{8}$';
end;

-- The days, from now - retention to now + 2, that a table should have partitions of and has not. Days more than a month
-- ago are made only once rows of theirs wait in the default partition; so are all past days where all is kept. A day whose
-- partition somebody has detached and kept is left alone.
create function websocket.missing_days(parent text, time_column text, retention_days integer) returns setof date
language plpgsql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  today constant date := websocket.now()::date;
begin
  return query execute format($query$
    select day from (
      select ahead::date as day from generate_series($1 - least($2, 31), $1 + 2, '1 day') as ahead
      union
      select distinct %1$I::date from websocket.%2$I where %1$I >= websocket.kept_since($2) and %1$I < $1 + 3
    ) as wanted
    where to_regclass('websocket.' || websocket.partition_name(%3$L, day)) is null
    $query$, time_column, parent || '_default', parent) using today, retention_days;
end
$$;

-- Gives a table the partition of a day, together with the rows that waited for it in the default partition. The caller
-- keeps writers out: one that is about to write such a row to the default partition would fail.
create function websocket.make_day(parent text, time_column text, day date) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  partition constant text := websocket.partition_name(parent, day);
  since constant timestamptz := day;
  until constant timestamptz := day + 1;
begin
  execute format('create table websocket.%I (like websocket.%I including all)', partition, parent);
  execute format(
    'with strays as (delete from websocket.%1$I where %2$I >= %3$L and %2$I < %4$L returning *)
     insert into websocket.%5$I select * from strays',
    parent || '_default', time_column, since, until, partition);
  execute format(
    'alter table websocket.%I attach partition websocket.%I for values from (%L) to (%L)',
    parent, partition, since, until);
end
$$;

-- Makes the partitions that are missing, and returns how many. Any number may call it at once: one does the work. Writers
-- wait for a moment, readers of other days don't. Where a lock is not to be had it fails with 55P03: the next call will do.
create function websocket.make_partitions(retention_days integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- Shorter than deadlock_timeout (1 s), so that it is always this function that gives way.
set lock_timeout = '500ms'
as $$
declare
  target record;
  missing cursor for
    select parent, time_column, day
    from websocket.daily_tables,
      websocket.missing_days(parent, time_column, case when is_rollup then 0 else retention_days end) as day
    order by ordinal, day;
  made integer := 0;
begin
  open missing;
  fetch missing into target;
  close missing;
  if target is null or not pg_try_advisory_xact_lock('websocket.daily_tables'::regclass::oid::bigint) then
    return 0;
  end if;
  for target in select * from websocket.daily_tables order by ordinal loop
    execute format('lock table only websocket.%I in share row exclusive mode', target.parent);
  end loop;
  -- Asked again, as another caller may have made them a moment ago.
  for target in missing loop
    perform websocket.make_day(target.parent, target.time_column, target.day);
    made := made + 1;
  end loop;
  return made;
end
$$;

-- The days before `since` of which a table still holds anything.
create function websocket.outlived_days(parent text, time_column text, since timestamptz) returns setof date
language plpgsql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
begin
  return query execute format(
    'select day from websocket.partition_days(%1$L) as day where day < $1::date
     union
     select distinct %2$I::date from websocket.%3$I where %2$I < $1',
    parent, time_column, parent || '_default') using since;
end
$$;

-- Drops a day of a table, whole partition or strays. What is not a partition any more is somebody's archive.
create function websocket.drop_day(parent text, time_column text, day date) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
begin
  if day in (select websocket.partition_days(parent)) then
    execute format('drop table websocket.%I', websocket.partition_name(parent, day));
  end if;
  execute format('delete from websocket.%I where %I >= $1 and %2$I < $2', parent || '_default', time_column)
    using day::timestamptz, (day + 1)::timestamptz;
end
$$;

revoke execute on function
  websocket.make_day, websocket.make_partitions, websocket.drop_day
from public;
