import assert from "node:assert/strict";
import { jobsOf } from "../consumers/postgres/jobs.ts";
import { startJobs } from "../consumers/postgres/run_jobs.ts";
import type { Log } from "../shared/log.ts";
import type { TransactionSql } from "../shared/postgres/mod.ts";
import { trade } from "../shared/streams/trade.ts";
import { auditDatabase, candleOf } from "./audits.ts";
import { silent } from "./silent.ts";
import { schema } from "./stack.ts";
import { tradeOf } from "./trades.ts";
import { until } from "./until.ts";

const NOON = Date.parse("2026-08-10T12:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Market = Awaited<ReturnType<typeof auditDatabase>>;
const days = (market: Market) =>
  market
    .sql`select to_char(day, 'DD') as day, symbol, expected, present from websocket.audit_days order by symbol, day`
    .values();
const wants = ({ sql }: Market, reason: string) =>
  sql`insert into websocket.coverage_data
    (session, producer, feed, symbol, stream, covered_from, covered_to, version, reason)
    values ('a/1', 'a', 'btcusdt@kline_1m', 'BTCUSDT', 'kline', ${new Date(NOON)}, ${new Date(
    NOON + MINUTE,
  )}, 1, ${reason})
    on conflict on constraint coverage_data_pkey do update set reason = excluded.reason`;

Deno.test("the minutes from the first candle on are expected while the feed is wanted, in each day, also of days without a candle", async () => {
  await using market = await auditDatabase();
  await market.clock(NOON);
  await wants(market, "open");
  await market.storeCandles(candleOf(NOON, []), candleOf(NOON + 5 * MINUTE, []));
  await market.audit(NOON + 10 * MINUTE + 500);
  assert.deepEqual([...await days(market)], [["10", "BTCUSDT", 10, 2]]);

  await market.audit(NOON + 2 * DAY);
  assert.deepEqual([...await days(market)], [
    ["10", "BTCUSDT", 720, 2],
    ["11", "BTCUSDT", 1_440, 0],
    ["12", "BTCUSDT", 720, 0],
  ]);
});

Deno.test("of a feed that producers do not want any more, or of which nobody tells, the minutes to its last candle are expected", async () => {
  for (const reason of ["unsubscribed", "delisted", undefined]) {
    await using market = await auditDatabase();
    await market.clock(NOON);
    if (reason) await wants(market, reason);
    await market.storeCandles(candleOf(NOON, []), candleOf(NOON + 5 * MINUTE, []));
    await market.audit(NOON + 10 * MINUTE);
    assert.deepEqual([...await days(market)], [["10", "BTCUSDT", 6, 2]]);
    await market.audit(NOON + DAY);
    assert.deepEqual([...await days(market)], [["10", "BTCUSDT", 6, 2]]);
  }
});

Deno.test("a day that two sessions count at the same time has what both have found", async () => {
  await using market = await auditDatabase();
  const { sql } = market;
  await market.clock(NOON);
  await market.storeCandles(candleOf(NOON, []));
  await market.audit(NOON + 10 * MINUTE);
  const count = (one: typeof sql | TransactionSql) =>
    one`select websocket.count_audit('BTCUSDT', '1m', '2026-08-10')`;
  const [hasCounted, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = sql.begin(async (one) => {
    await one`insert into websocket.audit_data (symbol, interval, open_time, compared_with, noticed_at, verdict, detail)
      values ('BTCUSDT', '1m', ${new Date(NOON)}, 'exchange', now(), 'differs', '{}')`;
    await count(one);
    hasCounted.resolve();
    await mayEnd.promise;
  });
  await hasCounted.promise;
  const second = count(sql).execute();
  await until("the second to wait", async () => {
    const waiting = await sql`
      select from pg_locks join pg_stat_activity using (pid) where datname = current_database() and not granted`;
    return waiting.length > 0;
  }, 10_000).finally(mayEnd.resolve);
  await Promise.all([first, second]);
  const [{ differs }] = await sql`select differs from websocket.audit_days`;
  assert.equal(differs, 1);
});

Deno.test("that no candle of a day is proven is said once there are five, with the reasons", async () => {
  await using market = await auditDatabase();
  const warning = async (at: number) => {
    await market.audit(at);
    await market.clock(at + 2 * MINUTE);
    return (await market.sql`select warning from websocket.audit_candles()`)[0].warning;
  };
  await market.clock(NOON);
  await market.store(tradeOf(1, NOON + 30_000));
  const candles = [0, 1, 2, 3, 4].map((n) => candleOf(NOON + n * MINUTE, []));
  await market.storeCandles(...candles.slice(0, 4));
  assert.equal(await warning(NOON + 10 * MINUTE), null);
  await market.storeCandles(candles[4]);
  assert.equal(
    await warning(NOON + 20 * MINUTE),
    "none of 5 candles of today is proven by its trades: 0 are in gaps of trades, 1 have no older trades, 4 wait",
  );
  await market.store(tradeOf(2, NOON + 10 * MINUTE));
  await market.audit(NOON + HOUR);
  assert.equal(await warning(NOON + 2 * HOUR), null);
});

Deno.test("a comparison with the exchange counts beside that with trades, and neither changes the other's", async () => {
  await using market = await auditDatabase();
  const { sql } = market;
  await market.clock(NOON);
  await market.storeCandles(candleOf(NOON, []), candleOf(NOON + MINUTE, []));
  await market.store(tradeOf(1, NOON - 1_000), tradeOf(2, NOON + 5 * MINUTE));
  await market.audit(NOON + HOUR);
  const bit = (place: number) => "0".repeat(place) + "1" + "0".repeat(1_439 - place);
  await sql`update websocket.audit_sets set with_exchange = ${bit(720)}::bit(1440), absent = ${
    bit(725)
  }::bit(1440)`;
  await sql`insert into websocket.audit_data (symbol, interval, open_time, compared_with, verdict, detail, noticed_at)
    values ('BTCUSDT', '1m', ${new Date(NOON)}, 'exchange', 'differs', '{}', now())`;
  await sql`select websocket.count_audit('BTCUSDT', '1m', '2026-08-10')`;
  await market.storeCandles(candleOf(NOON, [], { eventTime: NOON + HOUR }));
  await market.audit(NOON + 2 * HOUR);
  const [{ counted_at: _, ...day }] = await sql`select * from websocket.audit_days`;
  assert.deepEqual(
    Object.fromEntries(Object.entries(day).filter(([, count]) => typeof count === "number" && count > 0)),
    {
      expected: 2,
      present: 2,
      judged: 2,
      judged_trades: 2,
      equal_trades: 2,
      judged_exchange: 1,
      differs: 1,
      absent: 1,
    },
  );
});

Deno.test("a worker logs a difference, and counts what it judged", async () => {
  await using market = await auditDatabase();
  await market.clock(NOON);
  await market.store(tradeOf(1, NOON - 1_000), tradeOf(2, NOON + 5 * MINUTE));
  await market.storeCandles(candleOf(NOON, []), candleOf(NOON + MINUTE, [], { volume: "1" }));
  // A candle whose trades wait for a check is looked at again later, and this clock does not move.
  await market.settle(NOON + HOUR);
  const lines: string[] = [];
  const log: Log = { ...silent, sparsely: (kind, words) => void lines.push(`${kind}: ${words}`) };
  const retry = { signal: new AbortController().signal, log, kind: "database" as const };
  await using jobs = await startJobs(
    trade,
    jobsOf(trade, schema),
    market.database.config,
    log,
    retry,
    () => false,
  );
  await until("the candles to be judged", () => jobs.counts().audited === 2);
  assert.deepEqual(jobs.counts(), { audited: 2, edges: 0, differing: 1 });
  assert.deepEqual(lines, [
    "difference: 1 candles differ from the sum of their trades: BTCUSDT of 2026-08-10 12:01 " +
    "(low 7, by its trades none, high 7, by its trades none, open 7, by its trades none, close 7, by its trades none, " +
    "volume 1, by its trades 0)",
  ]);
});
