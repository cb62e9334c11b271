-- Larger candles, computed from those of one minute. Open, high, low, close and the sums are exact. `minutes` is the number of
-- one-minute candles that a row is computed from. Candles begin as the exchange's do: at multiples of their width since 1970, in UTC.

-- The query of the candles of a width, without an order. The condition chooses the one-minute candles that they are computed from.
create function websocket.candle_query(width interval, condition text default 'true') returns text
language sql stable
set search_path = pg_catalog, websocket, pg_temp
as $$
  select format($query$
    select
      symbol,
      date_bin(%1$L, open_time, 'epoch') as open_time,
      (array_agg(open order by open_time))[1] as open,
      max(high) as high,
      min(low) as low,
      (array_agg(close order by open_time))[count(*)::integer] as close,
      sum(volume) as volume,
      sum(quote_volume) as quote_volume,
      sum(taker_buy_base_volume) as taker_buy_base_volume,
      sum(taker_buy_quote_volume) as taker_buy_quote_volume,
      sum(num_trades)::bigint as num_trades,
      count(*) as minutes
    from websocket.kline_data
    where interval = '1m' and (%2$s)
    group by symbol, date_bin(%1$L, open_time, 'epoch')
    $query$, width, condition)
$$;

do $$
declare
  size record;
begin
  for size in
    select * from (values ('5m', '5 minutes'), ('15m', '15 minutes'), ('1h', '1 hour'), ('4h', '4 hours'), ('1d', '1 day'))
      as sizes (name, width)
  loop
    execute format('create or replace view websocket.%I as %s', 'kline_' || size.name, websocket.candle_query(size.width::interval));
  end loop;
end
$$;

-- The candles of a symbol in order, of any width of whole minutes up to days: from the candle that `since` is in, to that of `until`,
-- which is computed from the minutes that have begun by then. The condition is in the query, so only these minutes are read.
create function websocket.candles(symbol text, width interval, since timestamptz, until timestamptz)
returns table (
  open_time               timestamptz,
  open                    numeric,
  high                    numeric,
  low                     numeric,
  close                   numeric,
  volume                  numeric,
  quote_volume            numeric,
  taker_buy_base_volume   numeric,
  taker_buy_quote_volume  numeric,
  num_trades              bigint,
  minutes                 bigint
)
language plpgsql stable
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  return query execute format(
    'select open_time, open, high, low, close, volume, quote_volume, taker_buy_base_volume, taker_buy_quote_volume, num_trades, minutes
     from (%s) as candle order by open_time',
    websocket.candle_query(width, 'symbol = $1 and open_time between date_bin($2, $3, ''epoch'') and $4'))
  using symbol, width, since, until;
end
$$;
