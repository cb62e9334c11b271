-- Gaps that reach over the day from which a stream's rows are kept are told, and end, as others do.

-- Forgets intervals of days that their stream's table no longer keeps, but not those after which a gap may reach into the days that
-- are kept: a later one that begins before these days must reach as far. Forgets sessions without intervals, too.
create or replace function websocket.prune_coverage() returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  update websocket.streams set pruned_at = websocket.now(), pruned_to = greatest(pruned_to, websocket.kept_since(table_name))
  where pruned_at < websocket.now() - interval '10 min';
  if not found then
    return;
  end if;
  delete from websocket.coverage_data where ctid = any (array(
    select one.ctid from websocket.coverage_data as one join websocket.streams using (stream)
    where one.reason not in ('open', 'silent') and one.covered_to < pruned_to and exists (
      select from websocket.coverage_data as later
      where (later.stream, later.feed) = (one.stream, one.feed) and later.covered_from > one.covered_from
        and later.covered_from <= pruned_to and greatest(later.covered_from, later.covered_to) >= one.covered_to)
    limit 20000));
  delete from websocket.coverage_sessions as known where status in ('gone', 'ended')
    and changed_at < websocket.now() - interval '1 day'
    and not exists (select from websocket.coverage_data where coverage_data.session = known.session);
end
$$;

do $$
declare
  definition text := pg_get_functiondef('websocket.compute_gaps'::regproc);
begin
  -- A gap is left alone only where all of it is older than the table's rows.
  definition := replace(definition, 'greatest(floor, coalesce(ended_before, least(since, min(covered_from)))) as looked_from',
    'floor, coalesce(ended_before, least(since, min(covered_from))) as looked_from');
  definition := replace(definition, 'gap.started_at >= looked_from',
    'gap.started_at >= looked_from and coalesce(gap.ended_at, ''infinity'') > floor');
  execute replace(definition, 'from wanted where started_at >= floor or exists', 'from wanted where coalesce(ended_at, ''infinity'') > floor or exists');

  definition := pg_get_functiondef('websocket.compute_losses'::regproc);
  definition := replace(definition, 'gap.started_at >= floor', 'coalesce(gap.ended_at, ''infinity'') > floor');
  execute replace(definition, 'where started_at >= floor or exists', 'where coalesce(ended_at, ''infinity'') > floor or exists');
end
$$;
