-- Completeness by number: agg_trade_id is contiguous within a symbol, so a jump is a known number of missing trades. Jumps are gaps
-- of the cause `ids`.

-- The ids that are stored: each row is a run of ids without a jump. What lies between two runs of a symbol is missing, and was noticed
-- to be so when `noticed_at` says, by the database's clock. A run's times are those of its first and its last trade.
create table websocket.trade_runs (
  first_id          bigint       not null,
  last_id           bigint       not null,
  first_trade_time  timestamptz  not null,
  last_trade_time   timestamptz  not null,
  first_event_time  timestamptz  not null,
  last_event_time   timestamptz  not null,
  noticed_at        timestamptz  not null,
  symbol            text         not null collate "C",
  primary key (symbol, first_id)
)
-- The last run of each symbol is updated every second. With room in its page no index is touched.
with (fillfactor = 50);
comment on table websocket.trade_runs is 'The ids of trades that were stored, as runs without a jump; they outlive the trades.';

-- The symbols whose runs, or whose gaps of coverage, have changed.
create table websocket.stale_trade_ids (
  due_at  timestamptz  not null,
  symbol  text         not null collate "C"
);
create index stale_trade_ids_idx on websocket.stale_trade_ids (due_at);
alter table websocket.stale_trade_ids replica identity full;

-- Adds the ids of the trades from `since` to `until` to the runs, and notes the symbols where more has changed than the last run's end.
create function websocket.note_trade_ids(since timestamptz, until timestamptz) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set enable_seqscan = off
as $$
begin
  execute format($query$
    with trade as (
      select one.symbol, one.agg_trade_id as id, one.trade_time, one.event_time,
        lag(one.agg_trade_id) over (partition by one.symbol order by one.agg_trade_id) as former_id
      from websocket.trade_data as one where one.trade_time >= %L and one.trade_time < %L
    ), numbered as (
      select trade.*, count(*) filter (where trade.former_id is null or trade.former_id < trade.id - 1)
        over (partition by trade.symbol order by trade.id rows unbounded preceding) as run
      from trade
    ), seen as materialized (
      select symbol, min(id) as first_id, max(id) as last_id, min(trade_time) as first_trade_time, max(trade_time) as last_trade_time,
        min(event_time) as first_event_time, max(event_time) as last_event_time
      from numbered group by symbol, run
    ), touched as materialized (
      -- The known runs that these continue, overlap or join.
      select distinct known.symbol, known.first_id, known.last_id, known.first_trade_time, known.last_trade_time,
        known.first_event_time, known.last_event_time
      from seen cross join lateral (
        (select * from websocket.trade_runs as one where one.symbol = seen.symbol and one.first_id < seen.first_id
          order by one.first_id desc limit 1)
        union all
        select * from websocket.trade_runs as one
        where one.symbol = seen.symbol and one.first_id >= seen.first_id and one.first_id <= seen.last_id + 1
      ) as known
      where known.last_id >= seen.first_id - 1
    ), part as (
      select *, coalesce(first_id > 1 + max(last_id) over (
        partition by symbol order by first_id, last_id rows between unbounded preceding and 1 preceding), true) as is_first
      from (select * from seen union all select * from touched) as both_kinds
    ), island as (
      select *, count(*) filter (where is_first) over (partition by symbol order by first_id, last_id rows unbounded preceding) as run
      from part
    ), merged as (
      select symbol, min(first_id) as first_id, max(last_id) as last_id,
        (array_agg(first_trade_time order by first_id))[1] as first_trade_time,
        (array_agg(last_trade_time order by last_id desc))[1] as last_trade_time,
        (array_agg(first_event_time order by first_id))[1] as first_event_time,
        (array_agg(last_event_time order by last_id desc))[1] as last_event_time
      from island group by symbol, run
    ), changed as materialized (
      -- A hole between two known runs was noticed when the second of them came, however much of it is filled now.
      select merged.*, coalesce(next.noticed_at, websocket.now()) as noticed_at,
        next.first_id is null and (merged.symbol, merged.first_id) in (select touched.symbol, touched.first_id from touched)
          as is_longer
      from merged left join lateral (
        select one.noticed_at, one.first_id from websocket.trade_runs as one
        where one.symbol = merged.symbol and one.first_id > merged.first_id order by one.first_id limit 1
      ) as next on true
      where (merged.symbol, merged.first_id, merged.last_id) not in (select touched.symbol, touched.first_id, touched.last_id from touched)
    ), removed as (
      delete from websocket.trade_runs as known using touched
      where (known.symbol, known.first_id) = (touched.symbol, touched.first_id)
        and (known.symbol, known.first_id) not in (select merged.symbol, merged.first_id from merged)
    ), stored as (
      insert into websocket.trade_runs as known
        (symbol, first_id, last_id, first_trade_time, last_trade_time, first_event_time, last_event_time, noticed_at)
      select symbol, first_id, last_id, first_trade_time, last_trade_time, first_event_time, last_event_time, noticed_at from changed
      on conflict (symbol, first_id) do update set (last_id, last_trade_time, last_event_time) = row (
        excluded.last_id, excluded.last_trade_time, excluded.last_event_time)
    )
    insert into websocket.stale_trade_ids (symbol, due_at)
    select distinct symbol, websocket.now() from changed where not is_longer
    $query$, since, until);
end
$$;

-- Notes that a symbol's gaps of coverage have changed: jumps within them are told otherwise.
create function websocket.note_trade_gap() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  insert into websocket.stale_trade_ids (symbol, due_at) values (coalesce(new.symbol, old.symbol), websocket.now());
  return null;
end
$$;
create trigger note_trade_gap after insert or update of started_at, ended_at on websocket.gap_data
for each row when (new.stream = 'trade' and new.cause = 'coverage') execute function websocket.note_trade_gap();
create trigger note_trade_gap_gone after delete on websocket.gap_data
for each row when (old.stream = 'trade' and old.cause = 'coverage') execute function websocket.note_trade_gap();

-- Brings the gap ledger up to date with the runs: a hole between two runs is a gap of its own, or the number of what a gap of coverage
-- lacks. A hole is told once 10 s have passed and all trades of its time that are stored are among the runs, as rows may still be
-- under way. Returns in words what it found, or null. Any number of consumers may call it: one works.
create function websocket.check_trade_ids(out done text)
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set lock_timeout = '500ms'
as $$
begin
  perform from websocket.streams where stream = 'trade' for update skip locked;
  if not found then
    return;
  end if;
  with due as (
    delete from websocket.stale_trade_ids where due_at <= websocket.now() returning symbol
  ), target as materialized (
    select distinct symbol, lower(symbol) || '@aggTrade' as feed from due
  ), pair as (
    -- `heard_*` are event times, as those of coverage are.
    select symbol, feed, noticed_at, lag(last_id) over former + 1 as first_id, first_id - 1 as last_id,
      least(lag(last_trade_time) over former, first_trade_time) as started_at,
      greatest(lag(last_trade_time) over former, first_trade_time) + interval '1 ms' as ended_at,
      least(lag(last_event_time) over former, first_event_time) as heard_before,
      greatest(lag(last_event_time) over former, first_event_time) as heard_after
    from websocket.trade_runs join target using (symbol)
    window former as (partition by symbol order by first_id)
  ), hole as materialized (
    select pair.*, last_id - first_id + 1 as missing, gap.started_at as explained_by,
      not (noticed_at > websocket.now() - interval '10 s' and noticed_at <= websocket.now()) and not exists (
        select from websocket.stale_trade_seconds where second >= date_trunc('second', pair.started_at) and second < pair.ended_at
      ) as is_settled
    from pair left join lateral (
      select one.started_at from websocket.gap_data as one
      where one.stream = 'trade' and one.feed = pair.feed and one.cause = 'coverage'
        and one.started_at <= heard_after and (one.ended_at is null or one.ended_at > heard_before)
      order by one.started_at limit 1
    ) as gap on true
    where pair.first_id is not null
  ), waiting as (
    insert into websocket.stale_trade_ids (symbol, due_at)
    select distinct symbol, websocket.now() + interval '1 s' from hole where not is_settled
  ), removed as (
    delete from websocket.gap_data as gap using target
    where gap.stream = 'trade' and gap.feed = target.feed and gap.cause = 'ids' and not exists (
      select from hole
      where hole.symbol = target.symbol and case
        when is_settled then explained_by is null and (hole.started_at, hole.first_id) = (gap.started_at, gap.first_id)
        else hole.first_id <= gap.last_id and hole.last_id >= gap.first_id
      end)
  ), counted as (
    select gap.feed, gap.started_at, coalesce(sum(hole.missing), 0) as missing
    from target join websocket.gap_data as gap on gap.stream = 'trade' and gap.feed = target.feed and gap.cause = 'coverage'
    left join hole on hole.feed = gap.feed and hole.explained_by = gap.started_at
    group by gap.feed, gap.started_at, gap.missing
    having coalesce(bool_and(is_settled), gap.missing is not null)
  ), filled as (
    update websocket.gap_data as gap set missing = counted.missing from counted
    where gap.stream = 'trade' and gap.feed = counted.feed and gap.cause = 'coverage' and gap.started_at = counted.started_at
      and gap.missing is distinct from counted.missing
  ), told as (
    insert into websocket.gap_data as known (stream, feed, symbol, cause, started_at, ended_at, first_id, last_id, missing, reason, state)
    select 'trade', feed, symbol, 'ids', started_at, ended_at, first_id, last_id, missing, 'jump of ids', 'unrepaired'
    from hole where is_settled and explained_by is null
    on conflict on constraint gap_data_pkey do update set (ended_at, last_id, missing, state, repaired_at) = row (
      excluded.ended_at, excluded.last_id, excluded.missing, excluded.state, null)
    where known.last_id <> excluded.last_id
    returning symbol, missing
  )
  select format('the ids of trades jump: %s', string_agg(format('%s of %s are missing', missing, symbol), ', ' order by symbol))
  into done
  from (select symbol, sum(missing) as missing from told group by symbol) as by_symbol
  having count(*) > 0;
end
$$;

revoke execute on function websocket.note_trade_ids, websocket.note_trade_gap, websocket.check_trade_ids from public;
