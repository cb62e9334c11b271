-- Counts of a day that two sessions take at the same time. Each counted what it saw when it began, and the last one's counts stayed: a
-- candle that had been replaced meanwhile still differed in them.

alter function websocket.count_audit rename to write_audit_counts;

-- Counts a day's candles anew, once nobody else counts or judges them: a statement sees what was committed before it began.
create function websocket.count_audit(symbol text, span text, day date) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  perform from websocket.audit_sets as sets
  where (sets.symbol, sets.interval, sets.day) = (count_audit.symbol, count_audit.span, count_audit.day)
  for update;
  perform websocket.write_audit_counts(count_audit.symbol, count_audit.span, count_audit.day);
end
$$;

revoke execute on function websocket.count_audit from public;
