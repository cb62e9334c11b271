-- What the migrations themselves stand on. Runs before them each time, so every statement must bear that.

create schema if not exists websocket;

create table if not exists websocket.migrations (
  number      integer     primary key,
  name        text        not null,
  applied_at  timestamptz not null default now()
);

-- Renames a relation that the migrations did not make, with its data, to …_legacy (or …_legacy_2, and so on).
create or replace function websocket.set_aside(relation text) returns void
language plpgsql as $$
declare
  aside text := relation || '_legacy';
  n integer := 1;
begin
  if to_regclass(format('websocket.%I', relation)) is null then
    return;
  end if;
  while to_regclass(format('websocket.%I', aside)) is not null loop
    n := n + 1;
    aside := format('%s_legacy_%s', relation, n);
  end loop;
  execute format('alter table websocket.%I rename to %I', relation, aside);
  raise notice 'websocket.% was there already and is not Bookline''s: it is now websocket.%', relation, aside;
end
$$;
