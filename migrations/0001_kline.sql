-- Candles: one row a candle, which is updated in place.

select websocket.set_aside('kline_data');

create table websocket.kline_data (
  symbol                  text        not null collate "C",
  interval                text        not null collate "C",
  open_time               timestamptz not null,
  close_time              timestamptz not null,
  open                    numeric     not null,
  high                    numeric     not null,
  low                     numeric     not null,
  close                   numeric     not null,
  volume                  numeric     not null,
  quote_volume            numeric     not null,
  taker_buy_base_volume   numeric     not null,
  taker_buy_quote_volume  numeric     not null,
  num_trades              bigint      not null,
  first_trade_id          bigint      not null,
  last_trade_id           bigint      not null,
  is_closed               boolean     not null,
  event_time              timestamptz not null,
  received_at             timestamptz not null,
  primary key (symbol, interval, open_time)
);

comment on table websocket.kline_data is
  'Candles. A closed one is never reopened; of two open versions the one with the later event_time is kept.';
