-- Best bids and asks: one row an update. The table is partitioned by the UTC day of the matching engine's time.

select websocket.set_aside('order_book_data');

-- The columns of eight bytes come first, so that no padding is stored between them.
create table websocket.order_book_data (
  update_id         bigint      not null,
  transaction_time  timestamptz not null,
  event_time        timestamptz not null,
  received_at       timestamptz not null,
  symbol            text        not null collate "C",
  bid_price         numeric     not null,
  bid_qty           numeric     not null,
  ask_price         numeric     not null,
  ask_qty           numeric     not null,
  primary key (symbol, update_id, transaction_time)
) partition by range (transaction_time);

-- Holds the rows that no day's partition covers.
create table websocket.order_book_data_default partition of websocket.order_book_data default;

comment on table websocket.order_book_data is
  'Best bid and ask, one row an update. update_id rises strictly within a symbol; timestamps repeat.';
