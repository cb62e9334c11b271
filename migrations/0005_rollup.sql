-- Summaries that dashboards read instead of 70 million ticks a day: one row a second and symbol, and one row a minute and symbol.

create table websocket.order_book_1s (
  second          timestamptz  not null,
  ticks           bigint       not null,
  mean_delay      interval     not null,
  max_delay       interval     not null,
  symbol          text         not null collate "C",
  bid_price       numeric      not null,
  bid_qty         numeric      not null,
  ask_price       numeric      not null,
  ask_qty         numeric      not null,
  min_spread      numeric      not null,
  max_spread      numeric      not null,
  mean_spread     numeric      not null,
  mean_imbalance  numeric,
  primary key (symbol, second)
) partition by range (second);

create table websocket.order_book_1m (like websocket.order_book_1s including all) partition by range (second);
alter table websocket.order_book_1m rename column second to minute;

create table websocket.order_book_1s_default partition of websocket.order_book_1s default;
create table websocket.order_book_1m_default partition of websocket.order_book_1m default;

insert into websocket.daily_tables values
  (2, 'order_book_1s', 'second', true),
  (3, 'order_book_1m', 'minute', true);

comment on table websocket.order_book_1s is
  'Best bid and ask by second of transaction_time: those of the last update, and the spread (ask - bid), the imbalance '
  '((bid_qty - ask_qty) / (bid_qty + ask_qty)) and the delay (received_at - event_time) over all its updates.';
comment on table websocket.order_book_1m is 'As order_book_1s, by minute.';

-- The seconds that have rows which the rollup has not read yet. A writer of ticks inserts their seconds in the same transaction. It
-- inserts them even if they are there already, so writers never wait for each other, and a crash loses no second.
create table websocket.stale_seconds (
  second     timestamptz  not null,
  marked_at  timestamptz  not null default now()
);
create index stale_seconds_idx on websocket.stale_seconds (second, marked_at);

-- The days whose ticks were dropped. Their rollup does not change any more.
create table websocket.dropped_days (
  day  date  primary key
);

-- The rollup of the whole seconds from `since` to `until`, computed from the ticks. The range is a literal in the query, so that the
-- planner skips the partitions of other days. Sequential scans are off, since the statistics of a partition that grows all day are
-- old: the planner takes it for small and would scan it instead of using the index on time.
create function websocket.seconds_of(since timestamptz, until timestamptz) returns setof websocket.order_book_1s
language plpgsql stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
  return query execute format($query$
    select
      date_trunc('second', transaction_time), count(*), avg(received_at - event_time), max(received_at - event_time), symbol,
      (array_agg(bid_price order by update_id desc, transaction_time desc))[1],
      (array_agg(bid_qty order by update_id desc, transaction_time desc))[1],
      (array_agg(ask_price order by update_id desc, transaction_time desc))[1],
      (array_agg(ask_qty order by update_id desc, transaction_time desc))[1],
      min(ask_price - bid_price), max(ask_price - bid_price), avg(ask_price - bid_price),
      avg((bid_qty - ask_qty) / nullif(bid_qty + ask_qty, 0))
    from websocket.order_book_data
    where transaction_time >= %L and transaction_time < %L
    group by symbol, date_trunc('second', transaction_time)
    $query$, since, until);
end
$$;

-- The rollup of one minute of a symbol, computed from its seconds.
create function websocket.minute_of(symbol text, minute timestamptz) returns setof websocket.order_book_1m
language sql stable
begin atomic
  select
    minute_of.minute, sum(ticks)::bigint, sum(mean_delay * ticks) / sum(ticks), max(max_delay), minute_of.symbol,
    (array_agg(bid_price order by second desc))[1], (array_agg(bid_qty order by second desc))[1],
    (array_agg(ask_price order by second desc))[1], (array_agg(ask_qty order by second desc))[1],
    min(min_spread), max(max_spread), sum(mean_spread * ticks) / sum(ticks),
    sum(mean_imbalance * ticks) / sum(ticks) filter (where mean_imbalance is not null)
  from websocket.order_book_1s as one
  where one.symbol = minute_of.symbol and second >= minute_of.minute and second < minute_of.minute + interval '1 minute'
  having count(*) > 0;
end;

-- Updates the rollup of the whole seconds from `since` to `until`, and of the minutes that contain them.
create function websocket.roll_up(since timestamptz, until timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  symbols text[];
  minutes timestamptz[];
begin
  with changed as (
    insert into websocket.order_book_1s as stored select * from websocket.seconds_of(since, until)
    on conflict (symbol, second) do update set (
      ticks, mean_delay, max_delay, bid_price, bid_qty, ask_price, ask_qty,
      min_spread, max_spread, mean_spread, mean_imbalance
    ) = row (
      excluded.ticks, excluded.mean_delay, excluded.max_delay, excluded.bid_price, excluded.bid_qty, excluded.ask_price,
      excluded.ask_qty, excluded.min_spread, excluded.max_spread, excluded.mean_spread, excluded.mean_imbalance
    )
    returning symbol, date_trunc('minute', second) as minute
  )
  select array_agg(symbol), array_agg(minute) into symbols, minutes
  from (select distinct symbol, minute from changed) as touched;

  insert into websocket.order_book_1m
  select of_minute.* from unnest(symbols, minutes) as touched (symbol, minute)
  cross join websocket.minute_of(touched.symbol, touched.minute) as of_minute
  on conflict (symbol, minute) do update set (
    ticks, mean_delay, max_delay, bid_price, bid_qty, ask_price, ask_qty,
    min_spread, max_spread, mean_spread, mean_imbalance
  ) = row (
    excluded.ticks, excluded.mean_delay, excluded.max_delay, excluded.bid_price, excluded.bid_qty, excluded.ask_price,
    excluded.ask_qty, excluded.min_spread, excluded.max_spread, excluded.mean_spread, excluded.mean_imbalance
  );
end
$$;
