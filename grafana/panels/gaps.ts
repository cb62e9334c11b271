import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { schema, table } from "../query.ts";
import { alarm, column } from "../style.ts";

/** How much of the range the producers covered. */
export const coverage = () =>
  new Table()
    .title("Coverage")
    .description(
      "The share of the range in which everything that the exchange sent was received, or was fetched afterwards; of candles the " +
        "interval of which most is missing. Streams and symbols with an open gap come first. What is not known as the coverage " +
        "consumer does not run counts as missing.",
    )
    .noValue("No coverage in this range. Are the producers and the coverage consumer running?")
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
        where cause = 'coverage' and state not in ('repaired', 'absent')
          and started_at >= first and started_at < until and coalesce(ended_at, 'infinity') > since
        group by stream, feed
      )
      select stream as "Stream", feed.symbol as "Symbol", open_since as "Open since",
        100 * extract(epoch from ends - greatest(first, since) - coalesce(length, '0'))
          / extract(epoch from until - since) as "Covered",
        coalesce(gaps, 0) + case when is_unread and goes_on is distinct from true then 1 else 0 end as "Gaps"
      from (
        select distinct on (stream, symbol) *
        from (
          select *, least(case when goes_on then 'infinity' else last end, until) as ends
          from feed left join missing using (stream, feed) cross join span
        ) as feed
        where ends > greatest(first, since)
        order by stream, symbol, open_since is null, ends - greatest(first, since) - coalesce(length, '0')
      ) as feed
      order by open_since is null, "Covered", "Stream", "Symbol"
    `))
    .overrideByName("Open since", column("dateTimeAsIso"))
    .overrideByName("Covered", column("percent", 3))
    .overrideByName("Gaps", alarm("none", [1, 10]));

/** What no producer covered. */
export const gaps = () =>
  new Table()
    .title("Gaps")
    .description(
      "What no producer covered, from the gap ledger: those that go on come first, then the latest, 200 in all. " +
        "unknown: it can't be told now. unrepaired: the exchange may still have it. lost: nobody has.",
    )
    .noValue("No gaps in this range.")
    .withTarget(table(`
      select started_at as "From", ended_at as "To",
        extract(epoch from coalesce(ended_at, now()) - started_at) as "Length",
        state as "State", stream as "Stream", feed as "Feed", reason as "Reason", coalesce(missing, dropped) as "Messages"
      from (
        select started_at, ended_at, state, stream, feed, reason, missing, dropped from ${schema}.gap_data
        union all
        select covered_to, null, 'unknown', stream, feed, 'coverage is not read', null, null from ${schema}.unread_feeds
      ) as gap
      where started_at <= $__timeTo() and coalesce(ended_at, 'infinity') >= $__timeFrom()
      order by state <> 'open', ended_at is not null, started_at desc, feed limit 200
    `))
    .overrideByName("From", column("dateTimeAsIso"))
    .overrideByName("To", column("dateTimeAsIso"))
    .overrideByName("Length", column("s", 1))
    .overrideByName("Messages", column("short", 0));
