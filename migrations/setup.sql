-- What the migrations need. Each `migrate` runs this before them, so every statement can run again.

create schema if not exists websocket;

create table if not exists websocket.migrations (
  number      integer     primary key,
  name        text        not null,
  applied_at  timestamptz not null default now()
);

-- The tables that bookline_writer may write, and how. A migration that makes such a table adds its row.
create table if not exists websocket.writable (
  table_name  text  primary key,
  privileges  text  not null check (privileges in ('insert', 'insert, update'))
);

-- Renames a relation that the migrations did not make to ..._legacy, or to ..._legacy_2 and so on if that name is taken. Its data stays.
-- Its partitions and indexes are renamed too, since ours may get their names.
create or replace function websocket.set_aside(relation text) returns void
language plpgsql as $$
declare
  own constant oid := to_regclass(format('websocket.%I', relation));
  suffix text := '_legacy';
  n integer := 1;
  part text;
begin
  if own is null then
    return;
  end if;
  while to_regclass(format('websocket.%I', relation || suffix)) is not null loop
    n := n + 1;
    suffix := '_legacy_' || n;
  end loop;
  execute format('alter table websocket.%I rename to %I', relation, relation || suffix);
  for part in select relname from pg_index join pg_class on oid = indexrelid where indrelid = own loop
    execute format('alter index websocket.%I rename to %I', part, part || suffix);
  end loop;
  for part in
    select relname from pg_inherits join pg_class on oid = inhrelid
    where inhparent = own and relnamespace = 'websocket'::regnamespace
  loop
    perform websocket.set_aside(part);
  end loop;
  raise notice 'websocket.% was there already and is not Bookline''s: it is now websocket.%', relation, relation || suffix;
end
$$;
