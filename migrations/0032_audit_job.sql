-- The job of the audit, which the consumers of candles and of trades run.

-- Judges candles that are due, a few thousand at most. `done` is null once nothing is left to do at once. `difference` says in words
-- which candles were found to differ, `counts` how many were judged. Any number of consumers may call it: one works.
create function websocket.audit_candles(out done integer, out warning text, out difference text, out counts jsonb)
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set lock_timeout = '500ms'
as $$
declare
  most constant integer := 2000;
  longest constant interval := most * interval '1 min';
  last_counted timestamptz;
  spans websocket.stale_candles[];
  judgement record;
begin
  select counted_at into last_counted from websocket.audit_ledger for update skip locked;
  if not found then
    return;
  end if;
  counts := '{"audited": 0, "edges": 0, "differing": 0}';
  with due as (
    select place, sum(greatest(1, least(extract(epoch from until - since) / 60, most))) over (order by due_at, place) as minutes
    from (
      select ctid as place, mark.* from websocket.stale_candles as mark where due_at <= websocket.now() order by due_at limit most
    ) as one
  ), taken as (
    delete from websocket.stale_candles as mark using due where mark.ctid = due.place and due.minutes < 2 * most returning mark
  )
  select coalesce(array_agg(mark), '{}') into spans from taken;
  if spans <> '{}' then -- and what is left of long ones is for later rounds
    insert into websocket.stale_candles (symbol, since, until, noted_at, due_at)
    select symbol, since + longest, until, noted_at, due_at from unnest(spans) where until - since > longest;
    spans := array(
      select row (since, least(until, since + longest), noted_at, due_at, symbol)::websocket.stale_candles from unnest(spans));
    judgement := websocket.judge_candles(spans);
    difference := judgement.differing;
    counts := jsonb_build_object('audited', judgement.judged, 'edges', judgement.edges, 'differing', judgement.differences);
    perform websocket.count_audit(symbol, '1m', day) from unnest(judgement.symbols, judgement.days) as noted (symbol, day);
    done := (select cardinality(spans) where exists (select from websocket.stale_candles where due_at <= websocket.now()));
  end if;
  if last_counted not between websocket.now() - interval '1 min' and websocket.now() then
    update websocket.audit_ledger set counted_at = websocket.now();
    warning := websocket.keep_audit_days();
  end if;
end
$$;

revoke execute on function websocket.audit_candles from public;
