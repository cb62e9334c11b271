-- What was stored before producers told what they covered ends at its newest message. It is taken for an interval that ended there, of
-- a producer of the usual name, so that what is missed until the next start is a gap. A symbol that was stored last a day before the
-- others is not wanted any more.

with newest as (
  select 'book' as stream, lower(symbol) || '@bookTicker' as feed, symbol, event_time
  from websocket.symbols cross join lateral (
    select event_time from websocket.order_book_data as one
    where one.symbol = symbols.symbol order by update_id desc limit 1
  ) as last_row
  union all
  select 'kline', lower(symbol) || '@kline_' || span, symbol, event_time
  from websocket.symbols
  cross join unnest('{1m,3m,5m,15m,30m,1h,2h,4h,6h,8h,12h,1d,3d,1w,1M}'::text[]) as span
  cross join lateral (
    select event_time from websocket.kline_data as one
    where one.symbol = symbols.symbol and one.interval = span order by open_time desc limit 1
  ) as last_row
), wanted as (
  select * from (select *, max(event_time) over (partition by stream) as last_of_stream from newest) as one
  where event_time > last_of_stream - interval '1 day'
), session as (
  insert into websocket.coverage_sessions
    (session, producer, stream, started_at, covered_to, version, heard_at, advanced_at, changed_at, reason, status)
  select 'before/' || stream, 'default', stream, min(event_time), max(event_time), 1, now(), now(), now(), 'stopped', 'ended'
  from wanted group by stream
)
insert into websocket.coverage_data (session, producer, feed, symbol, stream, covered_from, covered_to, version, dropped, reason)
select 'before/' || stream, 'default', feed, symbol, stream, event_time - interval '1 ms', event_time, 1, null, 'restart' from wanted;
