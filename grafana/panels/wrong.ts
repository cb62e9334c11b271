import { colours } from "../colours.ts";
import { schema, table } from "../query.ts";
import { goodUpTo, stat } from "./stat.ts";

/** Only the day's partition is read. */
const lastDay = "second > now() - interval '1 day'";

/** When the newest row of a stream's wanted symbols is from, or since when they are wanted if there is none. */
const newest = (stream: string, time: string, of: string, which: string, order: string) =>
  `        union all
        select coalesce(max(newest), min(since)) from wanted
        left join lateral (
          select ${time} as newest from ${schema}.${of} where ${of}.symbol = wanted.symbol
          and ${which} and ${time} < now() + interval '1 minute' order by ${order} desc limit 1
        ) as ${stream} on true
        where stream = '${stream}' having count(*) > 0`;

/** How far behind the feed or stream is that is most behind. */
export const worstAge = () =>
  stat(
    "Worst age",
    "Of all feeds that a producer wants, how long ago the one was complete that is most behind; and if the newest row of a whole stream is " +
      "older, that one's age, so that a consumer that is behind counts too. A market that is quiet is not old.",
    goodUpTo(10, 60),
  )
    .unit("s")
    .decimals(0)
    .withTarget(table(`
      with feed as materialized (
        select stream, symbol, max(covered_to) as covered_to, min(covered_from) as since
        from ${schema}.coverage where is_open group by stream, feed, symbol
      ), wanted as (
        select stream, symbol, min(since) as since from feed group by stream, symbol
      ), age as (
        select covered_to as at from feed
        union all
        select started_at from ${schema}.gap_data where ended_at is null and state in ('open', 'unknown')
${newest("kline", "event_time", "kline_data", "stream = 'kline' and interval = '1m'", "open_time")}
${newest("book", "second", "order_book_1s", lastDay, "second")}
${newest("trade", "second", "trade_1s", lastDay, "second")}
      )
      select case when min(at) > now() then 0 else extract(epoch from now() - min(at)) end as "Worst age" from age
    `));

/** How many feeds nobody covers now. */
export const openGaps = () =>
  stat("Open gaps", "Feeds that no producer covers now, or of which that can't be told.", [
    [null, colours.up],
    [1, colours.down],
  ])
    .unit("none")
    .withTarget(table(`
      select count(*) as "Open gaps"
      from (
        select stream, feed from ${schema}.gap_data where ended_at is null and state in ('open', 'unknown')
        union
        select stream, feed from ${schema}.unread_feeds
      ) as gap
    `));

/** How many gaps wait to be repaired. */
export const unrepaired = () =>
  stat("Unrepaired", "Gaps that are over, whose data the exchange may still have.", goodUpTo(1, 100))
    .unit("none")
    .withTarget(table(`select count(*) as "Unrepaired" from ${schema}.gap_data where state = 'unrepaired'`));

/** Whether the candles of the range are proven. */
export const audit = () =>
  stat(
    "Audit",
    "Candles of a minute, of the days of the range in UTC, that differ from the sum of their trades or from the exchange's. See Proof.",
    [[null, colours.warning], [0, colours.up], [1, colours.down]],
    {
      "-1": { text: "none judged", color: colours.warning },
      "0": { text: "all equal", color: colours.up },
    },
  )
    .unit("suffix:differ")
    .decimals(0)
    .withTarget(table(`
      select case when sum(judged) > 0 or sum(differs) > 0 then sum(differs) when count(*) > 0 then -1 end as "Audit"
      from ${schema}.audit_days
      where interval = '1m' and day >= ($__timeFrom()::timestamptz at time zone 'UTC')::date
        and day <= ($__timeTo()::timestamptz at time zone 'UTC')::date
    `));
