-- Which ranges the repair worker is to ask for, and the states of gaps that follow.

-- Whether files of the archive were imported that cover a span of a symbol, and all their trades are among the ids that are known.
create function websocket.is_imported(of_table text, symbol text, since timestamptz, until timestamptz) returns boolean
language sql stable
set search_path = pg_catalog, websocket, pg_temp
begin atomic
  select coalesce(range_agg(tstzrange(file.since, file.until))
    @> tstzrange(least(is_imported.since, is_imported.until), greatest(is_imported.since, is_imported.until), '[]'), false)
  from websocket.archive_files as file
  where file.table_name = of_table and file.summarised and position('/' || is_imported.symbol || '/' in file.path) > 0;
end;

-- Settles the gaps that lack nothing any more, and returns what others lack, those of the newest gaps first, until that is so many ranges.
-- At most 5 are of one feed, and none of the feeds that are put off, a JSON array of "STREAM FEED": a feed of which the exchange refuses
-- all does not keep others waiting. `state`: `missing`, `too old` (the exchange's REST API does not reach back so far), or the state of a
-- gap that was settled. `reach_ends_at`: what an answer lacks that is made later may be too old for it. What is too old, and is lacking in
-- the archive's files as well, is absent.
create function websocket.next_repairs(most integer, put_off jsonb)
returns table (
  stream text, feed text, symbol text, first_position bigint, last_position bigint, positions bigint, starts_at timestamptz,
  final_at timestamptz, reach_ends_at timestamptz, state text)
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
  one record;
  part record;
  settled websocket.gap_data[] := '{}';
  gap websocket.gap_data;
  is_left boolean;
  is_absent boolean;
  key text;
  by_feed jsonb := '{}';
  given integer := 0;
begin
  for one in
    select gap_data as gap, streams.missing_function, streams.reach, streams.table_name
    from websocket.gap_data join websocket.streams on streams.stream = gap_data.stream
    where gap_data.state = 'unrepaired' and gap_data.ended_at is not null and streams.missing_function is not null
    order by gap_data.started_at desc
  loop
    exit when given >= most;
    gap := one.gap; is_left := false; is_absent := false; key := gap.stream || ' ' || gap.feed;
    continue when (by_feed->key)::integer >= 5;
    if gap.ended_at < websocket.kept_since(one.table_name) then
      gap.state := 'lost';
    else
      for part in execute format('select * from websocket.%I($1)', one.missing_function) using gap loop
        is_left := is_left or part.state <> 'absent';
        is_absent := is_absent or part.state = 'absent' and part.first_position > 0;
        if part.state = 'missing' then
          stream := gap.stream; feed := gap.feed; symbol := gap.symbol;
          first_position := part.first_position; last_position := part.last_position; positions := part.positions;
          starts_at := part.starts_at; final_at := part.final_at;
          -- A minute for the question to get there.
          reach_ends_at := part.starts_at + one.reach - interval '1 minute';
          state := case when reach_ends_at < websocket.now() then 'too old' else 'missing' end;
          if state = 'missing' then
            continue when put_off ? key or (by_feed->key)::integer >= 5;
            given := given + 1;
            by_feed := by_feed || jsonb_build_object(key, coalesce((by_feed->key)::integer, 0) + 1);
          elsif websocket.is_imported(one.table_name, gap.symbol, part.starts_at, part.final_at) then
            -- A round later the gap is settled.
            insert into websocket.repair_answers as known
              (stream, feed, first_position, last_position, is_absent, starts_at, answered_at, waits_until)
            values (gap.stream, gap.feed, part.first_position, part.last_position, true, part.starts_at, websocket.now(), websocket.now())
            on conflict on constraint repair_answers_pkey do update set starts_at = least(known.starts_at, excluded.starts_at);
            continue;
          end if;
          return next;
        end if;
      end loop;
      continue when is_left;
      gap.state := case when is_absent then 'absent' else 'repaired' end;
    end if;
    settled := settled || gap;
  end loop;

  if settled = '{}' then return; end if;
  -- In the order in which others lock: they do a round later.
  perform from websocket.gap_ledger for update;
  perform from websocket.streams for update;
  for one in
    update websocket.gap_data as known set state = done.state, repaired_at = case done.state when 'lost' then null else websocket.now() end
    from unnest(settled) as done
    where (known.stream, known.feed, known.cause, known.started_at, known.first_id, known.ended_at)
      = (done.stream, done.feed, done.cause, done.started_at, done.first_id, done.ended_at) and known.state = 'unrepaired'
    returning known.*
  loop
    stream := one.stream; feed := one.feed; symbol := one.symbol; state := one.state; starts_at := one.started_at;
    first_position := one.first_id; last_position := coalesce(one.last_id, one.first_id);
    return next;
  end loop;
end
$$;

-- What the worker has asked for stays in the ledger, so that it can be said to be repaired: a jump of ids that is filled is not deleted, and
-- a gap keeps the number of what it lacked.
create function websocket.keep_asked_gap() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  if old.state = 'unrepaired' and not exists (
    select from websocket.repair_answers as answer
    where (answer.stream, answer.feed) = (old.stream, old.feed) and not answer.is_absent and answer.answered_at > old.ended_at
      and (old.cause <> 'ids' or answer.first_position <= old.first_id and answer.last_position >= old.first_id)
  ) then
    return case tg_op when 'DELETE' then old else new end;
  elsif tg_op = 'DELETE' then
    return null;
  end if;
  new.missing := greatest(old.missing, new.missing);
  return new;
end
$$;
create trigger keep_asked_jump before delete on websocket.gap_data
for each row when (old.cause = 'ids') execute function websocket.keep_asked_gap();
create trigger keep_asked_number before update of missing on websocket.gap_data
for each row when (new.missing < old.missing and new.ended_at = old.ended_at) execute function websocket.keep_asked_gap();

revoke execute on function websocket.is_imported, websocket.next_repairs, websocket.keep_asked_gap from public;
