-- The audit of candles: each closed candle of a minute is compared with the sum of its trades. Another comparison has its own columns of
-- audit_sets and its own rows of audit_data, and calls count_audit; it need not know this one.

select websocket.set_aside('audit_data'), websocket.set_aside('audit_days');

create table websocket.audit_data (
  open_time      timestamptz  not null,
  noticed_at     timestamptz  not null,
  symbol         text         not null collate "C",
  interval       text         not null collate "C",
  compared_with  text         not null collate "C" check (compared_with in ('exchange', 'trades')),
  verdict        text         not null collate "C" check (verdict in ('differs', 'edge', 'repaired')),
  detail         jsonb        not null,
  primary key (symbol, interval, open_time, compared_with)
);
comment on table websocket.audit_data is
  'Candles that are not equal to what they are compared with. detail: the fields that differ, each side''s own. edge: an aggregated '
  'trade that goes on into the next minute explains the difference exactly. repaired: the candle was replaced by the exchange''s.';

-- The candles of a day as bits: that of the day's first minute is bit 0. Of a longer interval each is the bit of its first minute.
-- The comparison with trades writes with_trades, in_gap and without_trades, which have no bit in common; that with the exchange
-- writes with_exchange and absent. `present` is whatever either has seen closed.
create table websocket.audit_sets (
  day             date       not null,
  symbol          text       not null collate "C",
  interval        text       not null collate "C",
  present         bit(1440)  not null default repeat('0', 1440)::bit(1440),
  with_trades     bit(1440)  not null default repeat('0', 1440)::bit(1440),
  in_gap          bit(1440)  not null default repeat('0', 1440)::bit(1440),
  without_trades  bit(1440)  not null default repeat('0', 1440)::bit(1440),
  with_exchange   bit(1440)  not null default repeat('0', 1440)::bit(1440),
  absent          bit(1440)  not null default repeat('0', 1440)::bit(1440),
  primary key (symbol, interval, day)
)
-- The row of today is updated every minute.
with (fillfactor = 50);

create table websocket.audit_days (
  day              date         not null,
  symbol           text         not null collate "C",
  interval         text         not null collate "C",
  expected         integer      not null,
  present          integer      not null,
  judged           integer      not null,
  equal_exchange   integer      not null,
  equal_trades     integer      not null,
  edge             integer      not null,
  differs          integer      not null,
  repaired         integer      not null,
  absent           integer      not null,
  judged_exchange  integer      not null,
  judged_trades    integer      not null,
  in_gap           integer      not null,
  without_trades   integer      not null,
  waiting          integer      not null,
  counted_at       timestamptz  not null,
  primary key (symbol, interval, day)
)
with (fillfactor = 50);
create index audit_days_day_idx on websocket.audit_days (day);
comment on table websocket.audit_days is
  'How many candles of a day: expected (over, since the symbol''s first one), present (stored and closed), judged (compared with their '
  'trades or with the exchange''s), equal to either, and not judged by their trades: in_gap (a gap of trades touches them), '
  'without_trades (no stored trade is older, or none is kept), waiting (their trades may be under way).';

-- They are kept as long as the candles that they judge.
insert into websocket.retention (table_name) values ('audit_data'), ('audit_days');

-- The spans of time whose candles are to be judged anew. Whoever changes candles, bars or gaps adds them in the same transaction.
create table websocket.stale_candles (
  since     timestamptz  not null,
  until     timestamptz  not null,
  noted_at  timestamptz  not null,
  due_at    timestamptz  not null,
  symbol    text         not null collate "C"
);
create index stale_candles_idx on websocket.stale_candles (due_at);
alter table websocket.stale_candles replica identity full;

-- One row: whoever does a round locks it, so that one round is under way at a time.
create table websocket.audit_ledger (
  is_only     boolean      primary key default true check (is_only),
  counted_at  timestamptz  not null default '-infinity'
);
insert into websocket.audit_ledger default values;
-- Notes closed candles: those of consecutive minutes as one span, since an import stores years at once. Their trades come with them, so
-- they wait a little.
create function websocket.note_candles() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  insert into websocket.stale_candles (symbol, since, until, noted_at, due_at)
  select symbol, min(open_time), max(open_time) + interval '1 min', websocket.now(), websocket.now() + interval '4 s'
  from (
    select symbol, open_time, open_time - row_number() over (partition by symbol order by open_time) * interval '1 min' as place
    from changed where interval = '1m' and is_closed
  ) as closed group by symbol, place;
  return null;
end
$$;
create trigger note_new_candles after insert on websocket.kline_data
referencing new table as changed for each statement execute function websocket.note_candles();
create trigger note_candles after update on websocket.kline_data
referencing new table as changed for each statement execute function websocket.note_candles();

-- Notes the candles of bars that have changed, and of a new bar the candle before, which may have waited for a later trade.
create function websocket.note_bars() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
set enable_seqscan = off
as $$
declare
  before constant interval := case tg_op when 'INSERT' then interval '1 min' else interval '0' end;
begin
  insert into websocket.stale_candles (symbol, since, until, noted_at, due_at)
  select changed.symbol, changed.minute - before, changed.minute + interval '1 min', websocket.now(), websocket.now() + interval '1 s'
  from changed where exists (
    select from websocket.kline_data as one
    where one.symbol = changed.symbol and one.interval = '1m' and one.is_closed
      and one.open_time >= changed.minute - before and one.open_time <= changed.minute + interval '1 min');
  return null;
end
$$;
create trigger note_new_bars after insert on websocket.trade_1m
referencing new table as changed for each statement execute function websocket.note_bars();
create trigger note_bars after update on websocket.trade_1m
referencing new table as changed for each statement execute function websocket.note_bars();

-- Notes the candles that a gap of trades touches, or touched. The gap of a message may begin up to 1 s before its trade.
create function websocket.note_audit_gap() returns trigger
language plpgsql security definer
set search_path = pg_catalog, websocket, pg_temp
as $$
begin
  insert into websocket.stale_candles (symbol, since, until, noted_at, due_at)
  select symbol, date_trunc('minute', started_at - interval '1 s'), coalesce(ended_at, websocket.now()), websocket.now(), websocket.now()
  from (values (old.symbol, old.started_at, old.ended_at), (new.symbol, new.started_at, new.ended_at)) as gap (symbol, started_at, ended_at)
  where symbol is not null;
  return null;
end
$$;
create trigger note_audit_gap after insert or update of started_at, ended_at, state on websocket.gap_data
for each row when (new.stream = 'trade') execute function websocket.note_audit_gap();
create trigger note_audit_gap_gone after delete on websocket.gap_data
for each row when (old.stream = 'trade') execute function websocket.note_audit_gap();

insert into websocket.stale_candles (symbol, since, until, noted_at, due_at)
select symbol, date_trunc('minute', min(first_trade_time)), websocket.now(), websocket.now(), websocket.now()
from websocket.trade_runs group by symbol;

-- How many candles of a day are over and were wanted: from the first one that is stored of the symbol, until now or, if the producers
-- do not want the feed any more, to the last one that is stored. Null for intervals that do not divide a day.
create function websocket.expected_candles(symbol text, span text, day date) returns integer
language sql stable
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  select greatest(0, floor(extract(epoch from least(day + 1, until) - greatest(day, since)) / seconds))::integer
  from (
    select left(span, -1)::integer * case right(span, 1) when 'm' then 60 when 'h' then 3600 when 'd' then 86400 end as seconds,
      (select min(one.open_time) from websocket.kline_data as one
        where one.symbol = expected_candles.symbol and one.interval = span) as since,
      (select max(one.open_time) from websocket.kline_data as one
        where one.symbol = expected_candles.symbol and one.interval = span and one.is_closed) as last_open,
      lower(symbol) || '@kline_' || span as feed
  ) as known cross join lateral (
    select case when exists (
        select from websocket.coverage_data as one
        where one.stream = 'kline' and one.feed = known.feed and one.reason in ('open', 'silent')
      ) or (
        select one.reason not in ('unsubscribed', 'delisted') from websocket.coverage_data as one
        where one.stream = 'kline' and one.feed = known.feed and one.reason not in ('open', 'silent')
        order by one.covered_to desc limit 1
      ) then websocket.now() else last_open + make_interval(secs => seconds) end as until
  ) as wanted
  where 86400 % seconds = 0 and seconds <= 86400;
end;

-- Counts a day's candles anew from its sets and from what is not equal.
create function websocket.count_audit(symbol text, span text, day date) returns void
language sql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
begin atomic
  insert into websocket.audit_days (
    symbol, interval, day, expected, present, judged, equal_exchange, equal_trades, edge, differs, repaired, absent,
    judged_exchange, judged_trades, in_gap, without_trades, waiting, counted_at)
  select sets.symbol, sets.interval, sets.day,
    greatest(websocket.expected_candles(sets.symbol, sets.interval, sets.day), bit_count(sets.present)),
    bit_count(sets.present), bit_count(sets.with_trades | sets.with_exchange),
    bit_count(sets.with_exchange) - unequal.exchange, bit_count(sets.with_trades) - unequal.trades,
    unequal.edge, unequal.differs, unequal.repaired, bit_count(sets.absent),
    bit_count(sets.with_exchange), bit_count(sets.with_trades), bit_count(sets.in_gap), bit_count(sets.without_trades),
    bit_count(sets.present & ~(sets.with_trades | sets.in_gap | sets.without_trades)), websocket.now()
  from websocket.audit_sets as sets cross join lateral (
    select count(*) filter (where one.compared_with = 'exchange') as exchange,
      count(*) filter (where one.compared_with = 'trades') as trades,
      count(*) filter (where one.verdict = 'edge') as edge,
      count(distinct one.open_time) filter (where one.verdict = 'differs') as differs,
      count(*) filter (where one.verdict = 'repaired') as repaired
    from websocket.audit_data as one
    where one.symbol = sets.symbol and one.interval = sets.interval and one.open_time >= sets.day and one.open_time < sets.day + 1
  ) as unequal
  where sets.symbol = count_audit.symbol and sets.interval = span and sets.day = count_audit.day
  on conflict on constraint audit_days_pkey do update set (
    expected, present, judged, equal_exchange, equal_trades, edge, differs, repaired, absent,
    judged_exchange, judged_trades, in_gap, without_trades, waiting, counted_at) = row (
    excluded.expected, excluded.present, excluded.judged, excluded.equal_exchange, excluded.equal_trades, excluded.edge,
    excluded.differs, excluded.repaired, excluded.absent, excluded.judged_exchange, excluded.judged_trades, excluded.in_gap,
    excluded.without_trades, excluded.waiting, excluded.counted_at);
end;

-- Counts the days anew whose candles become due without being judged, and begins those of a new day; a system that was off has missed
-- whole days. Says in words if nothing is judged.
create function websocket.keep_audit_days() returns text
language plpgsql
set search_path = pg_catalog, websocket, pg_temp
set timezone = 'UTC'
as $$
declare
  today constant date := websocket.now()::date;
  last_day constant date := (select max(day) from websocket.audit_days where day < today);
begin
  with made as (
    insert into websocket.audit_sets (symbol, interval, day)
    select known.symbol, known.interval, next.day::date
    from websocket.audit_days as known cross join generate_series(known.day + 1, today, interval '1 day') as next (day)
    where known.day = last_day
      and websocket.expected_candles(known.symbol, known.interval, next.day::date) > 0
    on conflict do nothing
    returning symbol, interval, day
  )
  insert into websocket.audit_days
  select day, symbol, interval, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '-infinity' from made
  on conflict do nothing;
  perform websocket.count_audit(symbol, interval, day) from websocket.audit_days
  where day >= coalesce(last_day, today) and counted_at not between websocket.now() - interval '1 min' and websocket.now();
  return (
    select format('none of %s candles of today is proven by its trades: %s are in gaps of trades, %s have no older trades, %s wait',
      sum(present), sum(in_gap), sum(without_trades), sum(waiting))
    from websocket.audit_days where day = today and exists (select from websocket.trade_runs)
    having sum(judged_trades) = 0 and max(present) >= 5);
end
$$;

revoke execute on function
  websocket.note_candles, websocket.note_bars, websocket.note_audit_gap, websocket.expected_candles, websocket.count_audit,
  websocket.keep_audit_days
from public;
