-- The rows of `retention` alone decide what is kept. No worker's environment, no clock and no role without the owner's rights can
-- drop a day. Each step does a bounded amount of work and waits for its locks only briefly, so that other sessions do not wait long.

-- `source` is the table that a summary is computed from; null for a table that is no summary.
alter table websocket.daily_tables add column source text, add unique (parent);
update websocket.daily_tables set source = 'order_book_data' where is_rollup;
alter table websocket.daily_tables drop column is_rollup;

-- How long each table keeps its rows, in whole days; null keeps all. With `archive_first` a day is dropped only after it is archived.
create table websocket.retention (
  table_name     text      primary key,
  keep           interval  check (keep >= interval '1 day' and keep = make_interval(days => extract(day from keep)::integer)),
  archive_first  boolean   not null default false
);
comment on table websocket.retention is 'How long each table keeps its rows; null: for good. Change it by: deno task retention';

-- Refuses a retention that would make a summary wrong: one that drops seconds while their ticks can still change.
create function websocket.check_retention() returns trigger
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  kept record;
begin
  for kept in
    select table_name, keep from websocket.retention
    where keep is not null and table_name not in (select parent from websocket.daily_tables)
  loop
    raise exception '% keeps all: it has no partition a day that could be dropped', kept.table_name;
  end loop;
  for kept in
    select summary.table_name, source.table_name as source, extract(day from source.keep) || 'd' as days
    from websocket.daily_tables
    join websocket.retention as summary on summary.table_name = daily_tables.parent
    join websocket.retention as source on source.table_name = daily_tables.source
    where summary.keep < source.keep or summary.keep is not null and source.keep is null
  loop
    raise exception '% must be kept for as long as %, which it is computed from', kept.table_name, kept.source
      using hint = format('Add: %s %s', kept.table_name, coalesce(kept.days, 'all'));
  end loop;
  return null;
end
$$;
create trigger check_retention after insert or update on websocket.retention
for each statement execute function websocket.check_retention();

-- The days of `parent` for which `target` has partitions. `target` is the table itself, or the table that its rows are moved to. A
-- partition of another name is a user's own, and so is a table of such a name that is no partition.
create function websocket.partition_days(target text, parent text) returns setof date
language sql stable
begin atomic
  select to_date(right(child.relname, 8), 'YYYYMMDD')
  from pg_inherits
  join pg_class as child on child.oid = inhrelid
  where inhparent = format('websocket.%I', target)::regclass
    and child.relnamespace = 'websocket'::regnamespace and child.relname ~ ('^' || parent || '_\d{8}$');
end;
create or replace function websocket.partition_days(parent text) returns setof date
language sql stable
return websocket.partition_days(parent, parent);

-- The first and the last day before `until` of which a table has rows: the days whose partitions are not empty, and the days of the
-- rows in the default partition.
create function websocket.span_of(parent text, time_column text, until date, out first date, out last date)
language plpgsql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
begin
  execute format('select min(%I)::date, max(%1$I)::date from websocket.%I where %1$I < $1', time_column, parent || '_default')
    using until into first, last;
  select least(first, min(day)), greatest(last, max(day)) into first, last
  from websocket.partition_days(parent) as day
  where day < until and pg_relation_size(to_regclass('websocket.' || websocket.partition_name(parent, day))) > 0;
end
$$;

-- The first values are those of BOOK_RETENTION_DAYS and ROLLUP_RETENTION_DAYS in the environment of `deno task migrate`, as in earlier
-- versions; 0 keeps all. A table that holds older days keeps all, since a user's worker was told to keep them. So does its summary.
insert into websocket.retention (table_name) values ('kline_data'), ('gap_data');
do $$
declare
  target record;
begin
  for target in
    with said as (
      select *, coalesce(nullif(current_setting('bookline.' || setting, true), ''), usual)::integer as days
      from websocket.daily_tables, websocket.span_of(parent, time_column, 'infinity'), lateral (
        select case when source is null then 'book_retention_days' else 'rollup_retention_days' end as setting,
          case when source is null then '7' else '90' end as usual
      ) as variable
    ),
    judged as (
      select *, case when days > 0 and (last - first > days) is not true then days end as kept from said
    )
    select own.*, case when own.kept is null or judged.parent is not null and judged.kept is null then null
      else make_interval(days => greatest(own.kept, judged.kept)) end as keep
    from judged as own left join judged on judged.parent = own.source
    order by ordinal
  loop
    insert into websocket.retention (table_name, keep) values (target.parent, target.keep);
    if target.last - target.first > target.days and target.days > 0 then
      raise notice '% has days since %, more than the % that it was to keep: it keeps all until `deno task retention` says otherwise',
        target.parent, target.first, target.days;
    end if;
  end loop;
end
$$;

-- The day from which ages are counted: the clock's day if the table has rows of it, otherwise the day before if it has rows of that
-- one. Null if it has rows of neither: the market was off, or the clock is wrong. Rows of later days do not count.
create function websocket.reference_day(parent text, time_column text) returns date
language plpgsql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  today constant date := websocket.now()::date;
  day date;
  has_rows boolean;
begin
  foreach day in array array[today, today - 1] loop
    execute format('select exists (select from websocket.%I where %I >= %L and %2$I < %4$L)',
      parent, time_column, day::timestamptz, (day + 1)::timestamptz) into has_rows;
    if has_rows then
      return day;
    end if;
  end loop;
  return null;
end
$$;

-- The first day that a table keeps; -infinity if it keeps all, or if the reference day is not known.
create function websocket.kept_since(table_name text) returns date
language sql stable security definer
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select coalesce(max(websocket.reference_day(parent, time_column) - extract(day from keep)::integer), '-infinity')
  from websocket.retention join websocket.daily_tables on parent = retention.table_name
  where retention.table_name = kept_since.table_name and keep is not null;
end;

-- The first day of a table that must not be dropped, since the retention keeps it or a summary must still be computed from it.
create function websocket.needed_since(table_name text) returns date
language sql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  select least(websocket.kept_since(table_name), (
    select min(second)::date from websocket.stale_seconds
    where exists (select from websocket.daily_tables where source = needed_since.table_name)
  ));
end;

-- Takes the exclusive lock of a table, or fails with 55P03. While it waits for writers, other writers wait for 100 ms at most. While it
-- then waits for readers, all others wait for 40 ms at most. Both are shorter than deadlock_timeout: on a deadlock this function
-- fails, not the other session.
create function websocket.lock_out(parent text) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set lock_timeout = '100ms'
as $$
begin
  execute format('lock table only websocket.%I in share row exclusive mode', parent);
  perform set_config('lock_timeout', '40ms', true);
  execute format('lock table only websocket.%I in access exclusive mode', parent);
end
$$;

-- Drops days of a table, the oldest first, for 40 ms and 30 days at most, and returns the dropped days. A session that reads a day's
-- partition by its own name delays that day only. The days are checked again under the lock: meanwhile a day may have been detached,
-- or may have got a late row.
create function websocket.drop_days(parent text, days date[]) returns date[]
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  dropped date[] := '{}';
  old date;
  enough timestamptz;
begin
  perform websocket.lock_out(parent);
  enough := clock_timestamp() + interval '40 ms';
  foreach old in array array(
    select day from websocket.partition_days(parent) as day
    where day = any (days) and day < websocket.needed_since(parent) order by day limit 30
  ) loop
    begin
      execute format('lock table only websocket.%I in access exclusive mode nowait', websocket.partition_name(parent, old));
      execute format('drop table websocket.%I', websocket.partition_name(parent, old));
      dropped := dropped || old;
    exception when lock_not_available then
      continue;
    end;
    exit when clock_timestamp() > enough;
  end loop;
  if dropped = '{}' then
    raise lock_not_available using message = format('%s is in use', websocket.partition_name(parent, days[1]));
  end if;
  return dropped;
end
$$;

-- Drops some of the rows that a table no longer keeps: whole days, or if there are none up to 5,000 rows of the default partition.
-- Returns in words what it did, or null if there was nothing to drop. A table that a user has detached is the user's.
create function websocket.drop_some(parent text, time_column text) returns text
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
  if exists (select from websocket.daily_tables where source = drop_some.parent) then
    insert into websocket.dropped_days select unnest(gone) on conflict do nothing;
  else
    delete from websocket.dropped_days
    where day < (select min(websocket.kept_since(daily_tables.parent)) from websocket.daily_tables where source is not null);
  end if;
  return done;
end
$$;
