-- The comparison of candles with the exchange's, which the repair worker asks REST for: once a candle, in bulk, hour by hour.

-- The hours of a feed whose candles are compared: those that ended within it.
create table websocket.audited_hours (
  hour  timestamptz  not null,
  feed  text         not null collate "C",
  primary key (feed, hour)
);

-- `audited_by`: the function that compares what REST gives of the stream, see `judge_answer`.
alter table websocket.streams add column audited_by text;
update websocket.streams set audited_by = 'judge_exchange_candles' where stream = 'kline';

-- Says of candles that were found to differ after a time that they are repaired, where the exchange's have taken their place.
create function websocket.note_replaced(noticed_after timestamptz) returns void
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  one record;
begin
  for one in
    with changed as (
      update websocket.audit_data as known set verdict = 'repaired' from websocket.kline_data as stored
      where known.compared_with = 'exchange' and known.verdict = 'differs' and known.noticed_at > note_replaced.noticed_after
        and (stored.symbol, stored.interval, stored.open_time) = (known.symbol, known.interval, known.open_time)
        and not exists (
          select from jsonb_each_text(known.detail->'exchange') as field where to_jsonb(stored)->>field.key is distinct from field.value)
      returning known.symbol, known.interval, known.open_time)
    select distinct changed.symbol, changed.interval, changed.open_time::date as day from changed
  loop
    perform websocket.count_audit(one.symbol, one.interval, one.day);
  end loop;
end
$$;

-- When the closed candles of a span open that were not compared with the exchange's yet, or differ from it and are not replaced yet.
create function websocket.uncompared_candles(symbol text, span text, since timestamptz, until timestamptz) returns setof timestamptz
language sql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  select one.open_time
  from websocket.kline_data as one left join websocket.audit_sets as sets
    on (sets.symbol, sets.interval, sets.day) = (one.symbol, one.interval, one.open_time::date)
  where one.symbol = uncompared_candles.symbol and one.interval = span and one.is_closed
    and one.open_time >= since and one.open_time < uncompared_candles.until
    and (sets.day is null
      or get_bit(sets.with_exchange | sets.absent, (extract(epoch from one.open_time) / 60)::integer % 1440) = 0
      or exists (
        select from websocket.audit_data as known
        where (known.symbol, known.interval, known.open_time) = (one.symbol, one.interval, one.open_time)
          and known.compared_with = 'exchange' and known.verdict = 'differs'))
  order by one.open_time;
end;

-- The hours of the last day that are over and not compared yet, the newest first, each with all candles that end in it while the feed was
-- covered. An hour is offered once a later candle of the feed is stored, as what is compared before that may be on its way; if none
-- comes, near the end of that day, up to where the feed was covered. A candle that is replaced by the exchange's is said to be repaired once
-- it is found so.
create function websocket.next_audits(most integer)
returns table (
  stream text, feed text, symbol text, first_position bigint, last_position bigint, positions bigint, starts_at timestamptz,
  final_at timestamptz, reach_ends_at timestamptz, state text)
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
set jit = off
as $$
#variable_conflict use_column
declare
  one record;
  given integer := 0;
begin
  perform websocket.note_replaced(websocket.now() - interval '1 day');

  -- One hour after the other: after a day away there are thousands, of which few are asked for at a time.
  for one in
    with fed as materialized (
      select feed, symbol, substring(feed from '@kline_(.+)$') as span, min(covered_from) as covered_from, max(covered_to) as covered_to,
        range_agg(tstzrange(covered_from, covered_to)) as spans,
        array(select done.hour from websocket.audited_hours as done where done.feed = coverage.feed) as audited
      from websocket.coverage
      where stream = 'kline' and covered_from < covered_to and covered_to > date_trunc('hour', websocket.now()) - interval '24 h'
      group by feed, symbol
    )
    select fed.feed, fed.symbol, span, ended.hour, greatest(ended.hour, covered_from) as since,
      case when goes_on then ended.hour + interval '1 h' else least(ended.hour + interval '1 h', covered_to) end as until
    from fed cross join generate_series(
      date_trunc('hour', websocket.now()) - interval '24 h', date_trunc('hour', websocket.now() - interval '20 s') - interval '1 h',
      interval '1 h') as ended(hour)
    cross join lateral (
      select exists (
        select from websocket.kline_data as later
        where (later.symbol, later.interval) = (fed.symbol, span) and later.open_time >= ended.hour + interval '1 h') as goes_on
    ) as later
    where spans && tstzrange(ended.hour, ended.hour + interval '1 h') and ended.hour <> all (audited)
      and (goes_on or ended.hour <= date_trunc('hour', websocket.now()) - interval '22 h')
    order by ended.hour desc, fed.feed
  loop
    exit when given >= most;
    select (extract(epoch from min(open_time)) * 1000)::bigint, (extract(epoch from max(open_time)) * 1000)::bigint, count(*), min(open_time)
    into first_position, last_position, positions, starts_at
    from websocket.candle_opens(one.span, one.since, one.until) where ends_at > one.hour and ends_at <= one.until;
    continue when positions = 0;
    stream := 'kline'; feed := one.feed; symbol := one.symbol; final_at := one.hour + interval '1 h 10 s'; state := 'missing';
    given := given + 1;
    return next;
  end loop;
end
$$;

-- Compares the candles of a range with what REST gave of it, messages as our own. Notes what is not equal, and returns the open times of
-- those that have to be replaced, or are missing, in ms since the epoch.
create function websocket.judge_exchange_candles(feed text, symbol text, first_position bigint, last_position bigint, given jsonb)
returns setof bigint
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
#variable_conflict use_column
declare
  span constant text := substring(feed from '@kline_(.+)$');
  own_symbol constant text := symbol;
  nothing constant bit(1440) := repeat('0', 1440)::bit(1440);
  since constant timestamptz := to_timestamp(first_position / 1000.0);
  last_open constant timestamptz := to_timestamp(last_position / 1000.0);
  wrong bigint[];
begin
  with theirs as (
    select to_timestamp((one->>'openTime')::bigint / 1000.0) as open_time, jsonb_build_object(
        'open', (one->>'open')::numeric, 'high', (one->>'high')::numeric, 'low', (one->>'low')::numeric,
        'close', (one->>'close')::numeric, 'volume', (one->>'volume')::numeric, 'quote_volume', (one->>'quoteVolume')::numeric,
        'taker_buy_base_volume', (one->>'takerBuyBaseVolume')::numeric,
        'taker_buy_quote_volume', (one->>'takerBuyQuoteVolume')::numeric, 'num_trades', (one->>'numTrades')::bigint) as fields
    from jsonb_array_elements(given) as one
  ), ours as (
    select open_time, to_jsonb(one) as fields from websocket.kline_data as one
    where one.symbol = own_symbol and one.interval = span and one.is_closed and one.open_time between since and last_open
  ), compared as materialized (
    select coalesce(ours.open_time, theirs.open_time) as open_time, ours.fields is not null as is_stored, theirs.fields is not null as is_given,
      detail, set_bit(nothing, (extract(epoch from coalesce(ours.open_time, theirs.open_time)) / 60)::integer % 1440, 1) as minute
    from ours full join theirs using (open_time) left join lateral (
      -- Numbers are compared as numbers: 0 equals 0.000.
      select jsonb_build_object('candle', jsonb_object_agg(field.key, ours.fields->field.key),
        'exchange', jsonb_object_agg(field.key, field.value)) as detail
      from jsonb_each(theirs.fields) as field
      where ours.fields is not null and (ours.fields->>field.key)::numeric <> (field.value #>> '{}')::numeric having count(*) > 0
    ) as difference on true
  ), found as (
    insert into websocket.audit_data as known (symbol, interval, open_time, compared_with, noticed_at, verdict, detail)
    select own_symbol, span, open_time, 'exchange', websocket.now(), 'differs', detail from compared where detail is not null
    on conflict on constraint audit_data_pkey do update set (noticed_at, verdict, detail) = row (
      excluded.noticed_at, excluded.verdict, excluded.detail)
  ), settled as (
    -- What differed from an earlier answer and is equal to this one was replaced.
    update websocket.audit_data as known set verdict = 'repaired' from compared
    where (known.symbol, known.interval, known.open_time) = (own_symbol, span, compared.open_time)
      and known.compared_with = 'exchange' and known.verdict = 'differs' and is_stored and is_given and compared.detail is null
  ), noted as (
    insert into websocket.audit_sets as known (symbol, interval, day, present, with_exchange, absent)
    select own_symbol, span, open_time::date, bit_or(case when is_stored then minute else nothing end),
      bit_or(case when is_stored and is_given then minute else nothing end), bit_or(case when is_given then nothing else minute end)
    from compared group by open_time::date
    on conflict on constraint audit_sets_pkey do update set (present, with_exchange, absent) = row (
      known.present | excluded.present, known.with_exchange | excluded.with_exchange, known.absent | excluded.absent)
  )
  select array_agg((extract(epoch from open_time) * 1000)::bigint order by open_time) into wrong
  from compared where is_given and (not is_stored or detail is not null);
  perform websocket.count_audit(own_symbol, span, day::date) from generate_series(since::date, last_open::date, interval '1 day') as day;
  return query select unnest(wrong);
end
$$;

-- Forgets how candles were judged that are deleted: others may take their places, as from the archive.
create function websocket.forget_judgements() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  nothing constant bit(1440) := repeat('0', 1440)::bit(1440);
  one record;
begin
  if tg_op = 'TRUNCATE' then
    delete from websocket.audit_data;
    delete from websocket.audit_sets;
    delete from websocket.audit_days;
    return null;
  end if;
  delete from websocket.audit_data as known using gone
  where (known.symbol, known.interval, known.open_time) = (gone.symbol, gone.interval, gone.open_time);
  for one in
    update websocket.audit_sets as known set (present, with_trades, in_gap, without_trades, with_exchange, absent) = (
      select known.present & others, known.with_trades & others, known.in_gap & others, known.without_trades & others,
        known.with_exchange & others, known.absent & others
      from (select ~minutes as others) as kept)
    from (
      select gone.symbol, gone.interval, gone.open_time::date as day,
        bit_or(set_bit(nothing, (extract(epoch from gone.open_time) / 60)::integer % 1440, 1)) as minutes
      from gone group by gone.symbol, gone.interval, gone.open_time::date
    ) as emptied
    where (known.symbol, known.interval, known.day) = (emptied.symbol, emptied.interval, emptied.day)
    returning known.symbol, known.interval, known.day
  loop
    perform websocket.count_audit(one.symbol, one.interval, one.day);
  end loop;
  return null;
end
$$;
create trigger forget_judgements after delete on websocket.kline_data
referencing old table as gone for each statement execute function websocket.forget_judgements();
create trigger forget_all_judgements after truncate on websocket.kline_data
for each statement execute function websocket.forget_judgements();

-- Compares what REST gave with what is stored, by the function of the stream.
create function websocket.judge_answer(
  stream text, feed text, symbol text, first_position bigint, last_position bigint, given jsonb) returns setof bigint
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
declare
  judge constant text := (select audited_by from websocket.streams where streams.stream = judge_answer.stream);
begin
  return query execute format('select * from websocket.%I($1, $2, $3, $4, $5)', judge)
  using feed, symbol, first_position, last_position, given;
end
$$;

-- Notes that an hour of a feed is compared, and that what replaces its candles is on Kafka. `final_at`: as `next_audits` gave it.
create function websocket.note_audited(feed text, final_at timestamptz) returns void
language sql security definer
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  insert into websocket.audited_hours (feed, hour) values (note_audited.feed, date_trunc('hour', final_at) - interval '1 h')
  on conflict do nothing;
  delete from websocket.audited_hours where hour < websocket.now() - interval '3 days';
end;

revoke execute on function
  websocket.note_replaced, websocket.uncompared_candles, websocket.next_audits, websocket.judge_exchange_candles,
  websocket.forget_judgements, websocket.judge_answer, websocket.note_audited
from public;
