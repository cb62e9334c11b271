-- What a database's clock leaves behind that was ahead, and was set right: work that would be due only in days, and sessions and a lease
-- that would count as alive until then. Such a time becomes the present one as soon as it is further ahead than any that is meant.
create function websocket.correct_times() returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  present constant timestamptz := websocket.now();
  ahead constant timestamptz := present + interval '1 min';
  -- A candle whose trades are waited for is due in an hour at most.
  far_ahead constant timestamptz := present + interval '61 min';
begin
  update websocket.stale_feeds set due_at = present where due_at > ahead;
  update websocket.stale_trade_ids set due_at = present where due_at > ahead;
  update websocket.stale_candles set due_at = present, noted_at = least(noted_at, present) where due_at > far_ahead;
  -- A session that is gone was heard before it was judged.
  update websocket.coverage_sessions set heard_at = least(heard_at, present - interval '1 ms'), advanced_at = least(advanced_at, present),
    changed_at = least(changed_at, present)
  where greatest(heard_at, advanced_at, changed_at) > ahead;
  update websocket.streams set pruned_at = present where pruned_at > ahead;
  update websocket.repair_lease set until = present where until > ahead;
  -- The exchange is asked again.
  delete from websocket.repair_answers where answered_at > ahead;
end
$$;
revoke execute on function websocket.correct_times from public;
create index repair_answers_answered_at_idx on websocket.repair_answers (answered_at);

-- The job that keeps the gap ledger begins with it: it runs once a second wherever there is coverage.
do $$
begin
  execute replace(pg_get_functiondef('websocket.keep_gaps'::regproc),
    'perform websocket.judge_sessions(', E'perform websocket.correct_times();\n  perform websocket.judge_sessions(');
end
$$;
