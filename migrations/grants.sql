-- What the two roles may do, if they exist. They have no other rights. Each `migrate` runs this after the migrations, so every statement
-- can run again. Rights that earlier versions granted are revoked first. Partitions need no grants of their own.

revoke execute on all functions in schema websocket from public;

do $$
declare
  relation regclass;
  target websocket.writable;
begin
  if to_regrole('bookline_writer') is not null then
    alter default privileges in schema websocket revoke all on tables from bookline_writer;
    for relation in
      select oid from pg_class
      where relnamespace = 'websocket'::regnamespace and relacl::text like '%bookline_writer=%'
    loop
      execute format('revoke all on %s from bookline_writer', relation);
    end loop;
    revoke all on all functions in schema websocket from bookline_writer;

    grant usage on schema websocket to bookline_writer;
    for target in select * from websocket.writable loop
      execute format('grant %s on websocket.%I to bookline_writer', target.privileges, target.table_name);
    end loop;
    -- These run with the rights of the schema's owner.
    grant execute on function
      websocket.refresh_rollup, websocket.tidy_up, websocket.kept_since, websocket.keep_gaps, websocket.note_coverage_read,
      websocket.check_trade_ids, websocket.note_stored, websocket.begin_losses, websocket.end_losses, websocket.audit_candles,
      websocket.claim_repair, websocket.release_repair, websocket.note_answer, websocket.next_repairs, websocket.next_audits,
      websocket.judge_answer, websocket.note_audited
    to bookline_writer;
  end if;

  for relation in
    select oid from pg_class
    where relnamespace = 'websocket'::regnamespace and relkind in ('r', 'p', 'v', 'm') and not relispartition
  loop
    if to_regrole('bookline_writer') is not null then
      execute format('grant select on %s to bookline_writer', relation);
    end if;
    if to_regrole('grafana_reader') is not null then
      execute format('grant select on %s to grafana_reader', relation);
    end if;
  end loop;
  if to_regrole('grafana_reader') is not null then
    grant usage on schema websocket to grafana_reader;
    grant execute on function websocket.candles, websocket.candle_query, websocket.bars to grafana_reader;
    alter default privileges in schema websocket grant select on tables to grafana_reader;
  end if;
end
$$;
