import { schema, table } from "../query.ts";
import { alarm, column, share, SHORT_TIME, tablePanel, wideColumn } from "../style.ts";

/** How much of the range the producers covered. */
export const coverage = () =>
  tablePanel(
    "Coverage",
    "The share of the range, since a feed was covered first, in which everything that the exchange sent was received, or was fetched " +
      "afterwards, by symbol and stream; of candles the interval of which most is missing. Symbols with an open gap come first, then " +
      "those with any. What is not known as the coverage consumer does not run counts as missing.",
  )
    .withTarget(table(`
      with span as (
        select $__timeFrom()::timestamptz as since, least($__timeTo()::timestamptz, now()) as until
      ), feed as (
        select stream, feed, min(symbol) as symbol, min(covered_from) as first,
          case when bool_or(is_live) then 'infinity' else max(covered_to) end as last, bool_or(is_unread) as is_unread
        from ${schema}.coverage group by stream, feed
      ), missing as (
        select stream, feed, count(*) as gaps, min(started_at) filter (where state = 'open') as open_since,
          bool_or(ended_at is null) as goes_on,
          sum(least(coalesce(ended_at, 'infinity'), until) - greatest(started_at, since)) as length
        from ${schema}.gap_data join feed using (stream, feed) cross join span
        where cause <> 'ids' and state not in ('repaired', 'absent')
          and started_at >= first and started_at < until and coalesce(ended_at, 'infinity') > since
        group by stream, feed
      ), worst as (
        select distinct on (stream, symbol) stream, symbol, open_since,
          coalesce(gaps, 0) + case when is_unread and goes_on is distinct from true then 1 else 0 end as gaps,
          100 * extract(epoch from ends - greatest(first, since) - coalesce(length, '0'))
            / extract(epoch from until - greatest(first, since)) as covered
        from (
          select *, least(case when goes_on then 'infinity' else last end, until) as ends
          from feed left join missing using (stream, feed) cross join span
        ) as feed
        where ends > greatest(first, since)
        order by stream, symbol, open_since is null, ends - greatest(first, since) - coalesce(length, '0')
      )
      select symbol as "Symbol", min(open_since) as "Open since",
        min(covered) filter (where stream = 'kline') as "Candles",
        min(covered) filter (where stream = 'book') as "Quotes",
        min(covered) filter (where stream = 'trade') as "Trades",
        sum(gaps) as "Gaps"
      from worst group by symbol
      order by min(open_since) is null, sum(gaps) = 0, symbol
    `))
    .overrideByName("Symbol", column(90))
    .overrideByName("Open since", column(115, SHORT_TIME))
    .overrideByName("Candles", share(75))
    .overrideByName("Quotes", share(75))
    .overrideByName("Trades", share(75))
    .overrideByName("Gaps", alarm(45, "none", [1, 10]));

/** What no producer covered. */
export const gaps = () =>
  tablePanel(
    "Gaps",
    "What no producer covered, from the gap ledger. Gaps that begin within 10 s of each other are one row: an incident. Those that go " +
      "on come first, then the latest, 200 in all. unknown: it can't be told now. unrepaired: the exchange may still have it. lost: nobody has.",
  )
    .withTarget(table(`
      with gap as (
        select started_at, ended_at, state, stream, symbol, reason, coalesce(missing, dropped) as messages from ${schema}.gap_data
        union all
        select covered_to, null, 'unknown', stream, symbol, 'coverage is not read', null from ${schema}.unread_feeds
      ), begun as (
        select *, started_at > lag(started_at) over (order by started_at) + interval '10 s' as is_first
        from gap where started_at <= $__timeTo() and coalesce(ended_at, 'infinity') >= $__timeFrom()
      ), numbered as (
        select *, count(*) filter (where is_first) over (order by started_at) as incident from begun
      ), told as (
        select min(started_at) as started_at, nullif(max(coalesce(ended_at, 'infinity')), 'infinity') as ended_at,
          string_agg(distinct state, ', ') as states, string_agg(distinct stream, ', ') as streams,
          case when count(distinct symbol) > 3 then count(distinct symbol) || ' symbols' else string_agg(distinct symbol, ', ') end
            as symbols,
          string_agg(distinct reason, ', ') as reasons, sum(messages) as messages
        from numbered group by incident
      )
      select started_at as "From", ended_at as "To", extract(epoch from coalesce(ended_at, now()) - started_at) as "Length",
        states as "State", streams as "Streams", symbols as "Symbols", reasons as "Reason", messages as "Messages"
      from told order by ended_at is not null, started_at desc limit 200
    `))
    .overrideByName("From", column(120, SHORT_TIME))
    .overrideByName("To", column(120, SHORT_TIME))
    .overrideByName("Length", column(100, "s", 1))
    .overrideByName("State", column(150))
    .overrideByName("Streams", column(130))
    .overrideByName("Symbols", column(210))
    .overrideByName("Reason", wideColumn(220))
    .overrideByName("Messages", column(90, "short", 0));
