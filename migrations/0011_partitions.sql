-- Partitions are made in steps, and so are rows moved from the default partition into their own. Each step is one short transaction.

drop function websocket.make_partitions, websocket.missing_days, websocket.make_day, websocket.drop_partitions,
  websocket.drop_day, websocket.outlived_days, websocket.kept_since(integer);

-- Moves of rows out of default partitions: rows are copied into the table ..._sorted, whose partitions then replace the default one.
create table websocket.moves (
  parent     text    primary key,
  -- The file of the default partition. If it changes, the pages are others.
  filenode   oid     not null,
  next_page  bigint  not null,
  end_page   bigint  not null,
  -- Set after the last copy: the transactions that began before it and do not see the copies.
  older      text[]
);

-- The days for which a table lacks a partition, the coming ones first: the days of the retention, at most a month back, to the day
-- after tomorrow, and the days of rows in the default partition. A day is left out if a user has detached its partition.
create function websocket.missing_days(parent text, time_column text) returns setof date
language plpgsql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  today constant date := websocket.now()::date;
  back constant integer := (
    select case when source is null and keep is not null then least(31, extract(day from keep)::integer) else 0 end
    from websocket.daily_tables left join websocket.retention on table_name = daily_tables.parent
    where daily_tables.parent = missing_days.parent
  );
begin
  return query execute format($query$
    select day from (
      select ahead::date as day from generate_series($1 - $2, $1 + 2, '1 day') as ahead
      union
      select distinct %1$I::date from websocket.%2$I where %1$I >= $3 and %1$I < $1 + 3
    ) as wanted
    where to_regclass('websocket.' || websocket.partition_name(%3$L, day)) is null
    order by day < $1, day
    $query$, time_column, parent || '_default', parent) using today, back, websocket.kept_since(parent);
end
$$;

-- Makes the table of a day. It is not a partition yet. Its check constraint says that it holds only that day, so that Postgres need
-- not scan it when it is attached.
create function websocket.make_day(parent text, time_column text, day date) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
begin
  execute format(
    'create table websocket.%I (like websocket.%I including all excluding identity, constraint within_day check (%I >= %L and %3$I < %5$L))',
    websocket.partition_name(parent, day), parent, time_column, day::timestamptz, (day + 1)::timestamptz);
end
$$;

-- Makes the table of a day a partition of `target`.
create function websocket.attach_day(target text, parent text, day date) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
begin
  execute format('alter table websocket.%I attach partition websocket.%I for values from (%L) to (%L)',
    target, websocket.partition_name(parent, day), day::timestamptz, (day + 1)::timestamptz);
  if target = parent then
    execute format('alter table websocket.%I drop constraint within_day', websocket.partition_name(parent, day));
  end if;
end
$$;

-- Makes some of the missing partitions of a table, or begins to move their rows out of the default partition. Returns in words what
-- it did, or null if no partition is missing. It locks writers out for a moment, since a write to the default partition would fail.
create function websocket.make_some(parent text, time_column text) returns text
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
set lock_timeout = '100ms'
as $$
declare
  days date[];
  day date;
  has_rows boolean;
  enough timestamptz;
  made integer := 0;
begin
  if exists (select from websocket.moves where moves.parent = make_some.parent) then
    return websocket.move_some(parent);
  end if;
  days := array(select websocket.missing_days(parent, time_column) limit 10);
  if days = '{}' then
    return null;
  end if;
  foreach day in array days loop
    perform websocket.make_day(parent, time_column, day);
  end loop;
  execute format('select exists (select from websocket.%I where %I::date = any ($1))', parent || '_default', time_column)
    using days into has_rows;
  if has_rows then
    return websocket.begin_move(parent, time_column, days);
  end if;
  execute format('lock table only websocket.%I in share row exclusive mode', parent);
  perform set_config('lock_timeout', '40ms', true);
  execute format('lock table only websocket.%I in access exclusive mode', parent || '_default');
  enough := clock_timestamp() + interval '40 ms';
  foreach day in array days loop
    if made > 0 and clock_timestamp() > enough then
      execute format('drop table websocket.%I', websocket.partition_name(parent, day));
    else
      perform websocket.attach_day(parent, parent, day);
      made := made + 1;
    end if;
  end loop;
  return format('made %s partitions of %s', made, parent);
end
$$;

-- The statement that copies rows of a table to the table ..._sorted.
create function websocket.copy_statement(parent text, source text, conflict text) returns text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  with named as (
    select string_agg(quote_ident(attname), ', ') as columns,
      string_agg(quote_ident(attname), ', ') filter (where attnum = any (indkey)) as key,
      string_agg(format('%I = excluded.%1$I', attname), ', ') filter (where attnum <> all (indkey)) as changes
    from pg_index join pg_attribute on attrelid = indrelid
    where indrelid = format('websocket.%I', parent)::regclass and indisprimary
      and attnum > 0 and not attisdropped and attgenerated = ''
  )
  select format('insert into websocket.%I (%s) select %2$s from %s on conflict (%s) do %s', parent || '_sorted', columns, source, key,
    case conflict when 'update' then 'update set ' || changes else conflict end)
  from named;
end;

-- A trigger of a default partition whose rows are being moved: it copies each new row, by the statement in its argument.
create function websocket.copy_row() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  execute tg_argv[0] using new;
  return null;
end
$$;
revoke execute on function websocket.copy_row from public; -- a user's trigger could run any statement through it

-- Begins to move the rows of a default partition into the tables of the given days, which exist, and all other rows into a new default
-- partition. All rows are copied while readers see the old ones; then the tables are exchanged. No session waits for the copying.
create function websocket.begin_move(parent text, time_column text, days date[]) returns text
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  strays constant text := parent || '_default';
  sorted constant text := parent || '_sorted';
  day date;
begin
  execute format('create table websocket.%I (like websocket.%I including all excluding identity) partition by range (%I)',
    sorted, parent, time_column);
  foreach day in array days loop
    perform websocket.attach_day(sorted, parent, day);
  end loop;
  execute format('create table websocket.%I partition of websocket.%I default', strays || '_new', sorted);
  -- This waits for the transactions that write to the default partition. From here on the trigger copies each new row.
  execute format('create trigger copy_row after insert or update on websocket.%I for each row execute function websocket.copy_row(%L)',
    strays, websocket.copy_statement(parent, '(select ($1).*) as written', 'update'));
  execute format('alter table websocket.%I enable always trigger copy_row', strays);
  insert into websocket.moves values (parent, 0, 0, 0);
  return format('began to move rows of %s to %s new partitions', strays, cardinality(days));
end
$$;

-- The running transactions of this database.
create function websocket.running() returns setof text
language sql volatile
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select virtualxid from pg_locks join pg_stat_activity using (pid)
  where locktype = 'virtualxid' and datname = current_database() and pid <> pg_backend_pid();
end;

-- Continues a move, for half a second at most. It copies rows. When all are copied, it waits for the transactions that began before
-- the last copy, since they do not see the copies. Then it exchanges the tables. Returns in words what it did.
create function websocket.move_some(parent text) returns text
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  strays constant regclass := format('websocket.%I', parent || '_default');
  pages constant integer := 128;
  enough constant timestamptz := clock_timestamp() + interval '500 ms';
  move websocket.moves;
begin
  select * into move from websocket.moves where moves.parent = move_some.parent;
  -- On the first call, and if the file has changed, as after VACUUM FULL, all rows are copied from the beginning.
  if move.filenode <> pg_relation_filenode(strays) then
    execute format('truncate websocket.%I', parent || '_sorted');
    move.filenode := pg_relation_filenode(strays);
    move.next_page := 0;
    move.end_page := pg_relation_size(strays) / current_setting('block_size')::integer;
    move.older := null;
  end if;
  if move.next_page < move.end_page then
    while move.next_page < move.end_page and clock_timestamp() < enough loop
      execute websocket.copy_statement(parent, format('only %s where ctid >= %L and ctid < %L',
        strays, format('(%s,0)', move.next_page), format('(%s,0)', move.next_page + pages)), 'nothing');
      move.next_page := move.next_page + pages;
    end loop;
  elsif move.older is null then
    move.older := array(select websocket.running());
  elsif move.older && array(select websocket.running()) then
    raise lock_not_available using message = 'a transaction is open that began before the last row was copied';
  else
    return websocket.end_move(parent);
  end if;
  update websocket.moves set (filenode, next_page, end_page, older) = (move.filenode, move.next_page, move.end_page, move.older)
  where moves.parent = move_some.parent;
  return format('copied %s of %s pages of %s', least(move.next_page, move.end_page), move.end_page, strays);
end
$$;

-- Replaces a default partition by the copies.
create function websocket.end_move(parent text) returns text
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  strays constant text := parent || '_default';
  sorted constant text := parent || '_sorted';
  days constant date[] := array(select websocket.partition_days(sorted, parent));
  day date;
begin
  perform websocket.lock_out(parent);
  execute format('lock table only websocket.%I in access exclusive mode nowait', strays);
  execute format('alter table websocket.%I detach partition websocket.%I', parent, strays);
  execute format('drop table websocket.%I', strays);
  foreach day in array days loop
    execute format('alter table websocket.%I detach partition websocket.%I', sorted, websocket.partition_name(parent, day));
    perform websocket.attach_day(parent, parent, day);
  end loop;
  execute format('alter table websocket.%I detach partition websocket.%I', sorted, strays || '_new');
  execute format('alter table websocket.%I rename to %I', strays || '_new', strays);
  execute format('alter table websocket.%I attach partition websocket.%I default', parent, strays);
  execute format('drop table websocket.%I', sorted);
  delete from websocket.moves where moves.parent = end_move.parent;
  return format('moved rows of %s to %s new partitions', strays, cardinality(days));
end
$$;
