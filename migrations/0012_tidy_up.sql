-- The only function by which workers make and drop partitions. It takes no argument: the table `retention` says what is kept.

-- The steps that failed, because of a lock or for another reason. A step is tried again after a pause that grows to a quarter of an
-- hour, since each attempt may make readers wait for a moment.
create table websocket.postponed (
  parent    text         not null,
  step      text         not null,
  failures  integer      not null,
  since     timestamptz  not null,
  retry_at  timestamptz  not null,
  code      text         not null,
  reason    text         not null,
  primary key (parent, step)
);

-- Gives up a move if a user has altered the table's columns meanwhile, since the copies do not have the new columns. The next step begins
-- the move again. Returns in words what it did, or null if it did nothing.
create function websocket.give_up_move(parent text) returns text
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set lock_timeout = '40ms'
as $$
begin
  if not exists (select from websocket.moves where moves.parent = give_up_move.parent) or (
    select count(distinct columns) = 1 from (
      select array_agg(row(attname, atttypid, atttypmod, attnotnull)::text order by attname) as columns
      from pg_attribute
      where attrelid in (to_regclass('websocket.' || parent), to_regclass('websocket.' || parent || '_sorted'))
        and attnum > 0 and not attisdropped
      group by attrelid
    ) as both_tables
  ) then
    return null;
  end if;
  execute format('drop trigger copy_row on websocket.%I', parent || '_default');
  execute format('drop table websocket.%I', parent || '_sorted');
  delete from websocket.moves where moves.parent = give_up_move.parent;
  return format('gave up to move rows of %s, whose columns are others by now: it begins anew', parent || '_default');
end
$$;

-- Runs a step for a table, which makes partitions or drops them. Returns in words what it did, or null if there was nothing to do or the
-- step failed.
create function websocket.try_step(parent text, time_column text, step text) returns text
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  done text;
  code text;
  reason text;
  hint text;
begin
  done := case step
    when 'make' then coalesce(websocket.give_up_move(parent), websocket.make_some(parent, time_column))
    else websocket.drop_some(parent, time_column)
  end;
  delete from websocket.postponed where (postponed.parent, postponed.step) = (try_step.parent, try_step.step);
  return done;
exception when others then
  get stacked diagnostics code = returned_sqlstate, reason = message_text, hint = pg_exception_hint;
  insert into websocket.postponed as known
  values (parent, step, 1, clock_timestamp(), clock_timestamp() + interval '10 s', code, concat_ws('. Hint: ', reason, nullif(hint, '')))
  on conflict on constraint postponed_pkey do update set (failures, retry_at, code, reason) = row (
    known.failures + 1, clock_timestamp() + least(interval '15 min', interval '10 s' * 2 ^ least(known.failures, 10)),
    excluded.code, excluded.reason);
  return null;
end
$$;

-- The tables whose days are not dropped because the clock and the newest row are more than a day apart, in words; null if there are none.
create function websocket.clock_fault() returns text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  select string_agg(format('no day of %s is dropped, as its newest row is of %s and the clock says %s',
    table_name, last, websocket.now()::date), '; ')
  from websocket.retention join websocket.daily_tables on parent = table_name, websocket.span_of(parent, time_column, websocket.now()::date + 2)
  where keep is not null and last is not null and websocket.reference_day(parent, time_column) is null;
end;

-- The missing partitions of today and tomorrow, with the reason, in words; null if none is missing.
create function websocket.missing_partitions() returns text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  select string_agg(format('%s has no partition for %s%s', parent, day, ': ' || reason), '; ' order by ordinal, day)
  from websocket.daily_tables
  cross join (values (websocket.now()::date), (websocket.now()::date + 1)) as soon (day)
  left join (select parent, reason from websocket.postponed where step = 'make') as postponed using (parent)
  where day not in (select websocket.partition_days(parent));
end;

-- Runs one step that is due, if there is one. `done` says in words what it did; if it is not null, more may be due. `warning` says what
-- waits, `failure` what fails, `trouble` which partitions are missing that are needed soon.
create function websocket.tidy_up(out done text, out warning text, out failure text, out trouble text)
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  target record;
begin
  -- One session at a time does the work; the others wait. The retention can't change meanwhile. Only the owner's role can take this
  -- lock, so no other role can block the work.
  lock table only websocket.retention in share row exclusive mode;
  for target in
    select daily_tables.parent, time_column, due.step
    from websocket.daily_tables cross join unnest(array['make', 'drop']) as due (step)
    where not exists (
      select from websocket.postponed
      where (postponed.parent, postponed.step) = (daily_tables.parent, due.step)
        -- A time that is further ahead comes from a clock that was wrong.
        and retry_at between clock_timestamp() and clock_timestamp() + interval '15 min'
    )
    order by due.step desc, ordinal
  loop
    done := websocket.try_step(target.parent, target.time_column, target.step);
    exit when done is not null;
  end loop;

  select string_agg(format('cannot %s partitions of %s: %s', step, parent, reason), '; ') filter (where code <> '55P03'),
    string_agg(format('partitions of %s wait for a lock since %s (%s): is a transaction open that nobody ends? '
      'select * from pg_stat_activity order by xact_start', parent, since, reason), '; ')
      filter (where code = '55P03' and since < clock_timestamp() - interval '10 min')
  into failure, warning
  from websocket.postponed;
  warning := nullif(concat_ws('; ', warning, websocket.clock_fault()), '');
  trouble := websocket.missing_partitions();
end
$$;

-- Functions with the owner's rights do not use the search path of their caller.
do $$
declare
  routine regprocedure;
begin
  for routine in
    select oid from pg_proc where pronamespace = 'websocket'::regnamespace and prosecdef
  loop
    execute format('alter function %s set search_path = pg_catalog, websocket, pg_temp', routine);
  end loop;
end
$$;
