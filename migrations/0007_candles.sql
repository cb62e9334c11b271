-- Views of larger candles, computed from those of one minute. Open, high, low, close and the sums are exact. `minutes` is the number
-- of one-minute candles that a row is computed from.

do $$
declare
  size record;
begin
  for size in
    select * from (values ('5m', '5 minutes'), ('15m', '15 minutes'), ('1h', '1 hour'), ('4h', '4 hours'), ('1d', '1 day'))
      as sizes (name, width)
  loop
    execute format($view$
      create view websocket.%I as
      select
        symbol,
        date_bin(%L, open_time, 'epoch') as open_time,
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
      where interval = '1m'
      group by symbol, date_bin(%2$L, open_time, 'epoch')
      $view$, 'kline_' || size.name, size.width);
  end loop;
end
$$;
