-- The files of the exchange's public archive that were imported: by their checksums a file that was replaced is known.

create table websocket.archive_files (
  path         text         primary key collate "C",
  table_name   text         not null,
  since        timestamptz  not null,
  until        timestamptz  not null,
  sha256       text         not null collate "C",
  rows         bigint       not null,
  imported_at  timestamptz  not null default clock_timestamp(),
  -- Whether the summaries of the table have its rows; true if there are none.
  summarised   boolean      not null
);
comment on table websocket.archive_files is
  'Files of the exchange''s archive that `deno task history` has imported. rows: of the file''s symbol and time in the table afterwards.';

insert into websocket.retention (table_name) values ('archive_files');

-- Makes the partitions of a past day, of a table and of its summaries, so that its rows need not be moved out of the default partition.
-- A day of which the default partition has rows is left to tidy_up. If the rows of the day were dropped before, its summary may change
-- again. It fails with 55P03 if it can't get a lock soon.
create function websocket.make_past_day(of_table text, past date) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
set lock_timeout = '100ms'
as $$
declare
  target record;
  has_rows boolean;
begin
  -- As tidy_up does: one session at a time makes and drops partitions.
  lock table only websocket.retention in share row exclusive mode;
  for target in
    select daily.parent, daily.time_column from websocket.daily_tables as daily
    where of_table in (daily.parent, daily.source)
      and to_regclass('websocket.' || websocket.partition_name(daily.parent, past)) is null
      and not exists (select from websocket.moves where moves.parent = daily.parent)
    order by daily.ordinal
  loop
    perform set_config('lock_timeout', '100ms', true);
    execute format('lock table only websocket.%I in share row exclusive mode', target.parent);
    perform set_config('lock_timeout', '40ms', true);
    execute format('lock table only websocket.%I in access exclusive mode', target.parent || '_default');
    execute format('select exists (select from websocket.%I where %I >= %L and %2$I < %4$L)', target.parent || '_default',
      target.time_column, past::timestamptz, (past + 1)::timestamptz) into has_rows;
    continue when has_rows;
    perform websocket.make_day(target.parent, target.time_column, past);
    perform websocket.attach_day(target.parent, target.parent, past);
  end loop;
  delete from websocket.dropped_days as dropped where dropped.source = of_table and dropped.day = past;
end
$$;

-- Computes the summaries of a table's rows of a span of whole seconds within one day anew. Marks of single seconds would take a query for
-- each second, as imported trades may be few and far between. Meanwhile consumers' rollups of this table wait.
create function websocket.summarise_span(of_table text, since timestamptz, until timestamptz) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
set lock_timeout = '10s'
as $$
declare
  rollup websocket.rollups;
  daily websocket.daily_tables;
begin
  select * into strict rollup from websocket.rollups where rollups.source = of_table for update;
  select * into strict daily from websocket.daily_tables where daily_tables.parent = of_table;
  perform websocket.summarise_day(of_table, daily.time_column, since::date);
  execute format('select websocket.%I($1, $2)', rollup.roll_up) using since, until;
end
$$;

-- When the candles of a span open that were compared with the exchange's REST API. The archive has errors where REST is right, and these
-- candles are not compared again: a file does not replace them.
create function websocket.compared_candles(symbol text, span text, since timestamptz, until timestamptz) returns setof timestamptz
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select (sets.day + minute * interval '1 min') at time zone 'UTC'
  from websocket.audit_sets as sets cross join generate_series(0, 1439) as minute
  where sets.symbol = compared_candles.symbol and sets.interval = span
    and sets.day >= (since at time zone 'UTC')::date and sets.day < until at time zone 'UTC'
    and get_bit(sets.with_exchange, minute) = 1;
end;

revoke execute on function websocket.compared_candles from public;
