-- One partition a UTC day. Partitions are made before they are needed and dropped when the retention ends. The functions that do
-- this run with the rights of the schema's owner, so workers do not need these rights.

-- The database's clock. It is one function, so that a test can replace it.
create function websocket.now() returns timestamptz
language sql stable
return pg_catalog.now();

-- The first instant that a retention of this many days keeps; 0 keeps all. The days are whole, since partitions are dropped whole.
create function websocket.kept_since(retention_days integer) returns timestamptz
language sql stable
return case
  when retention_days > 0 then date_trunc('day', websocket.now() - make_interval(hours => 24 * retention_days), 'UTC')
  else '-infinity'
end;

-- Finds the rows of a second. A BRIN index takes almost no space, and it works as rows are written nearly in order of time.
create index on websocket.order_book_data using brin (transaction_time);

-- The tables that have one partition a day, each with the column that decides the day. A transaction that locks several of them
-- locks them in the order of `ordinal`.
create table websocket.daily_tables (
  ordinal      integer  primary key,
  parent       text     not null,
  time_column  text     not null,
  is_rollup    boolean  not null
);
insert into websocket.daily_tables values (1, 'order_book_data', 'transaction_time', false);

-- The name of the partition of a day.
create function websocket.partition_name(parent text, day date) returns text
language sql immutable
return parent || to_char(day, '_YYYYMMDD');

-- The days for which a table has partitions.
create function websocket.partition_days(parent text) returns setof date
language sql stable
begin atomic
  select to_date(right(child.relname, 8), 'YYYYMMDD')
  from pg_inherits
  join pg_class as child on child.oid = inhrelid
  where inhparent = format('websocket.%I', parent)::regclass and child.relname ~ '_\d{8}$';
end;

-- The days from now - retention to now + 2 for which a table lacks a partition. Partitions of days more than a month ago are made
-- only if the default partition has rows of that day. If the retention keeps all, this holds for all past days. A day is left out
-- if a user has detached its partition and kept it.
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

-- Makes the partition of a day and moves the day's rows there from the default partition. The caller locks writers out, since the
-- write of such a row to the default partition would fail.
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

-- Makes the missing partitions and returns how many. If several sessions call it at the same time, one does the work. Writers wait
-- for a moment; readers of other days do not. If it can't get a lock it fails with 55P03, and the next call tries again.
create function websocket.make_partitions(retention_days integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- It is shorter than deadlock_timeout (1 s): on a deadlock this function fails, not the other session.
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
  -- The query runs again, since another session may have made the partitions before the lock was taken.
  for target in missing loop
    perform websocket.make_day(target.parent, target.time_column, target.day);
    made := made + 1;
  end loop;
  return made;
end
$$;

-- The days before `since` of which a table still has a partition or rows.
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

-- Drops a day of a table: its partition, and its rows in the default partition. A table that a user has detached is the user's.
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
