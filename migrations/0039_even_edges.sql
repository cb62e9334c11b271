-- Where as much of one aggregated trade moved into a minute as of another one moved out, and both are of the same price and side, the sums
-- are equal and only the open is not: that is an edge as well. How much moved is not known.
do $$
begin
  execute replace(replace(pg_get_functiondef('websocket.judge_candles'::regproc),
    'head_id is not null and (moved_in > 0 or first_trade_id > 0) as has_head',
    'head_id is not null and (moved_in > 0 or first_trade_id > 0
        or (head_price, head_buys) = (tail_price, tail_buys) and open = head_price) as has_head'),
    'case when moved_out > 0 then jsonb_build_object(''agg_trade_id'', tail_id',
    'case when moved_out > 0 or has_head and moved_in = 0 and not is_known then jsonb_build_object(''agg_trade_id'', tail_id');
end
$$;

-- Those that were told apart by their open alone are judged anew.
insert into websocket.stale_candles (symbol, since, until, noted_at, due_at)
select symbol, open_time, open_time + interval '1 min', websocket.now(), websocket.now() from websocket.audit_data
where (interval, compared_with, verdict) = ('1m', 'trades', 'differs')
  and detail -> 'candle' ? 'open' and not detail -> 'candle' ?| '{volume,quote_volume,taker_buy_base_volume,taker_buy_quote_volume}';
