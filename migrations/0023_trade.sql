-- Aggregated trades: one row each. The table is partitioned by the UTC day of the trade's time.

select websocket.set_aside('trade_data');

-- The columns of eight bytes come first, so that no padding is stored between them.
create table websocket.trade_data (
  agg_trade_id    bigint       not null,
  trade_time      timestamptz  not null,
  event_time      timestamptz  not null,
  received_at     timestamptz  not null,
  first_trade_id  bigint       not null,
  last_trade_id   bigint       not null,
  is_buyer_maker  boolean      not null,
  symbol          text         not null collate "C",
  price           numeric      not null,
  qty             numeric      not null,
  normal_qty      numeric,
  primary key (symbol, agg_trade_id, trade_time)
) partition by range (trade_time);
create index on websocket.trade_data using brin (trade_time);
create table websocket.trade_data_default partition of websocket.trade_data default;

comment on table websocket.trade_data is
  'Aggregated trades: those from first_trade_id to last_trade_id, of one price and one taker side within 100 ms. agg_trade_id has no '
  'jump within a symbol. normal_qty: without what RPI orders filled; null where the exchange did not send it.';

-- Bars of one second and of one minute. Seconds without a trade have no row.
create table websocket.trade_1s (
  second                  timestamptz  not null,
  num_trades              bigint       not null,
  symbol                  text         not null collate "C",
  open                    numeric      not null,
  high                    numeric      not null,
  low                     numeric      not null,
  close                   numeric      not null,
  volume                  numeric      not null,
  quote_volume            numeric      not null,
  taker_buy_base_volume   numeric      not null,
  taker_buy_quote_volume  numeric      not null,
  primary key (symbol, second)
) partition by range (second);
create table websocket.trade_1m (like websocket.trade_1s including all) partition by range (second);
alter table websocket.trade_1m rename column second to minute;
create table websocket.trade_1s_default partition of websocket.trade_1s default;
create table websocket.trade_1m_default partition of websocket.trade_1m default;

comment on table websocket.trade_1s is
  'Bars by second of trade_time, computed from trade_data. num_trades: the trades that the exchange aggregated, by their ids.';
comment on table websocket.trade_1m is 'As trade_1s, by minute.';

-- As stale_seconds, of trades.
create table websocket.stale_trade_seconds (
  second     timestamptz  not null,
  marked_at  timestamptz  not null default now()
);
create index stale_trade_seconds_idx on websocket.stale_trade_seconds (second, marked_at);
alter table websocket.stale_trade_seconds replica identity full;

insert into websocket.daily_tables (ordinal, parent, time_column, source) values
  (4, 'trade_data', 'trade_time', null),
  (5, 'trade_1s', 'second', 'trade_data'),
  (6, 'trade_1m', 'minute', 'trade_data');
insert into websocket.rollups values ('trade_data', 'stale_trade_seconds', 'roll_up_trades');
-- Trades are kept for 30 days, their bars for as long as the other summaries, but not shorter than the trades.
insert into websocket.retention (table_name, keep)
select parent, case
    when source is null then interval '30 days'
    else greatest(interval '30 days', (select keep from websocket.retention where table_name = 'order_book' || right(parent, 3)))
  end
from websocket.daily_tables where ordinal >= 4;
update websocket.retention set keep = null where table_name in ('trade_1s', 'trade_1m') and exists (
  select from websocket.retention as other where other.table_name = 'order_book' || right(retention.table_name, 3) and other.keep is null);
insert into websocket.writable values ('trade_data', 'insert'), ('stale_trade_seconds', 'insert');
insert into websocket.streams (stream, table_name, can_be_fetched) values ('trade', 'trade_data', true);

-- Computes the bars of the whole seconds from `since` to `until`, and of the minutes that contain them. As in roll_up, the range is a
-- literal in the statements, sequential scans are off, columns are qualified, and the statements use no variables.
create function websocket.roll_up_trades(since timestamptz, until timestamptz) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
set enable_seqscan = off
as $$
declare
  measures constant text :=
    'num_trades, open, high, low, close, volume, quote_volume, taker_buy_base_volume, taker_buy_quote_volume';
  upsert constant text := format(
    'do update set (%s) = row (%s)', measures, regexp_replace(measures, '\w+', 'excluded.\&', 'g'));
  symbols text[];
begin
  execute format($query$
    with renewed as (
      insert into websocket.trade_1s as stored (symbol, second, %s)
      select
        trade.symbol, trade.second, sum(trade.num_trades)::bigint,
        (min(trade.placed))[2], max(trade.price), min(trade.price), (max(trade.placed))[2],
        sum(trade.qty), sum(trade.quote_qty),
        coalesce(sum(trade.qty) filter (where not trade.is_buyer_maker), 0),
        coalesce(sum(trade.quote_qty) filter (where not trade.is_buyer_maker), 0)
      from (
        select
          one.symbol, date_trunc('second', one.trade_time) as second, one.last_trade_id - one.first_trade_id + 1 as num_trades,
          one.price, one.qty, one.price * one.qty as quote_qty, one.is_buyer_maker,
          -- The least array is that of the first trade, the greatest that of the last. Sorting the rows would take longer.
          array[one.agg_trade_id, one.price]::numeric[] as placed
        from websocket.trade_data as one
        where one.trade_time >= %L and one.trade_time < %L
        offset 0 -- so each of these expressions is computed once
      ) as trade
      group by trade.symbol, trade.second
      on conflict (symbol, second) %s
      returning stored.symbol
    )
    select array_agg(distinct renewed.symbol) from renewed
    $query$, measures, since, until, upsert) into symbols;

  execute format($query$
    insert into websocket.trade_1m (symbol, minute, %s)
    select
      one.symbol, date_trunc('minute', one.second), sum(one.num_trades)::bigint,
      (array_agg(one.open order by one.second))[1], max(one.high), min(one.low),
      (array_agg(one.close order by one.second))[count(*)],
      sum(one.volume), sum(one.quote_volume), sum(one.taker_buy_base_volume), sum(one.taker_buy_quote_volume)
    from websocket.trade_1s as one
    where one.symbol = any (%L) and one.second >= %L and one.second < %L
    group by one.symbol, date_trunc('minute', one.second)
    on conflict (symbol, minute) %s
    $query$, measures, symbols,
    date_trunc('minute', since), date_trunc('minute', until - interval '1 second') + interval '1 minute', upsert);

  perform websocket.note_trade_ids(since, until);
end
$$;

-- The symbols that have rows in any stream.
create or replace view websocket.symbols as
with recursive listed (symbol) as (
  select least(
    (select min(symbol) from websocket.kline_data),
    (select min(symbol) from websocket.order_book_1m),
    (select min(symbol) from websocket.trade_1m)
  )
  union all
  select least(
    (select min(symbol) from websocket.kline_data where symbol > listed.symbol),
    (select min(symbol) from websocket.order_book_1m where symbol > listed.symbol),
    (select min(symbol) from websocket.trade_1m where symbol > listed.symbol)
  )
  from listed
  where listed.symbol is not null
)
select symbol from listed where symbol is not null;
