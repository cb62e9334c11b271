import assert from "node:assert/strict";
import type { Sql } from "../shared/postgres/mod.ts";
import { candle, chosen, createReader, HOUR, lastHour, noon, queryOf, rowsOf } from "./dashboard_market.ts";
import { testDatabase } from "./stack.ts";
import { store, tick } from "./ticks.ts";
import { tradeDatabase, tradeOf } from "./trades.ts";

/** What a stat shows. */
async function value(sql: Sql, title: string): Promise<unknown> {
  const [row] = await rowsOf(sql, queryOf(title), lastHour);
  return Object.values(row)[0];
}

/** Has a producer cover a feed from so many seconds ago up to others, and go on. */
async function cover(sql: Sql, stream: string, since: number, until: number): Promise<void> {
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    select ${stream}, 's', ${stream}, feed, symbol, since, until, 'open', 1
    from (select now() - make_interval(secs => ${since}) as since, now() - make_interval(secs => ${until}) as until) as span,
      (values (${`btcusdt@${stream}`}, 'BTCUSDT'), ('', '')) as told (feed, symbol)`;
}

Deno.test("the data is LIVE or SIMULATED by the database's name, and of another database the name is shown", async () => {
  await using database = await testDatabase();
  await createReader(database.sql);
  const { rawSql } = queryOf("Data");
  const named = async (name: string) => {
    const [row] = await database.sql.unsafe(rawSql.replaceAll("current_database()", `'${name}'::name`));
    return row.Data;
  };
  assert.equal(await value(database.sql, "Data"), database.config.name);
  assert.equal(await named("bookline"), "LIVE");
  assert.equal(await named("bookline_simulated"), "SIMULATED");
  assert.equal(await named("bookline_session_1a2b3c_simulated"), "SIMULATED");
  assert.equal(await named("booklineXsimulated"), "booklineXsimulated");
});

Deno.test("the worst age is that of the feed that is most behind, of the gap that goes on, or of a stream's newest row", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const age = async () => Math.round(Number(await value(sql, "Worst age")) / 10) * 10;
  assert.equal(await value(sql, "Worst age"), null);
  await cover(sql, "book", 5_000, 0);
  await store(sql, [tick(Date.now() - 2_000)]);
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  assert.equal(await age(), 0);
  // Nothing of the candles was stored since they were wanted.
  await cover(sql, "kline", 100, 0);
  assert.equal(await age(), 100);
  await candle(sql, "BTCUSDT", new Date(Date.now() - 60_000).toISOString(), 100);
  assert.ok(await age() <= 60);
  await cover(sql, "trade", 900, 300);
  assert.ok(await age() >= 300);
  await sql`
    insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, state)
    values ('book', 'ethusdt@book', 'ETHUSDT', now() - interval '2000 s', null, 'mute', 'open')`;
  assert.equal(await age(), 2_000);
});

Deno.test("a feed that nobody wants any more has no age", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    values ('s', 's', 'book', 'btcusdt@book', 'BTCUSDT', now() - interval '2 h', now() - interval '1 h', 'unsubscribed', 1)`;
  assert.equal(await value(sql, "Worst age"), null);
});

Deno.test("open gaps are counted by feed, and what waits for repair is counted apart", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  assert.deepEqual([await value(sql, "Open gaps"), await value(sql, "Unrepaired")], ["0", "0"]);
  for (
    const [minutes, state, isOver] of [[1, "open", false], [2, "lost", true], [3, "unrepaired", true], [
      4,
      "unrepaired",
      true,
    ]]
  ) {
    await sql`
      insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, state)
      select 'kline', 'btcusdt@kline_1m', 'BTCUSDT', at, case when ${isOver} then at + interval '1 s' end, 'mute', ${state}
      from (select now() - make_interval(mins => ${minutes as number}) as at) as one`;
  }
  assert.deepEqual([await value(sql, "Open gaps"), await value(sql, "Unrepaired")], ["1", "2"]);
});

Deno.test("the worst delay is that of the last minute", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const [{ now }] = await sql<{ now: Date }[]>`select date_trunc('second', now()) as now`;
  const quote = (ago: number, delay: number) => {
    const time = now.getTime() - ago * 1_000;
    return tick(time, { eventTime: time, receivedAt: time + delay });
  };
  await store(sql, [quote(300, 9_000), quote(20, 40), quote(10, 250)]);
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  assert.equal(Number(await value(sql, "Worst delay")), 250);
});

Deno.test("rows a second count quotes and aggregated trades, and are 0 once nothing comes", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  await createReader(sql);
  assert.equal(Number(await value(sql, "Rows a second")), 0);
  const [{ now }] = await sql<{ now: Date }[]>`select date_trunc('second', now()) as now`;
  const ago = (seconds: number) => now.getTime() - seconds * 1_000;
  await store(sql, [tick(ago(7)), tick(ago(8)), tick(ago(40))]);
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  await market.store(tradeOf(1, ago(7)), tradeOf(2, ago(8)), tradeOf(3, ago(8)), tradeOf(4, ago(60)));
  assert.equal(Number(await value(sql, "Rows a second")), 0.5);
});

Deno.test("the audit says how many candles of the range's days differ, and says apart that none was judged", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const day = (symbol: string, judged: number, differs: number) =>
    sql`
      insert into websocket.audit_days (symbol, interval, day, expected, present, judged, equal_exchange, equal_trades, edge, differs, repaired,
        absent, judged_exchange, judged_trades, in_gap, without_trades, waiting, counted_at)
      values (${symbol}, '1m', '2024-08-08', 720, 720, ${judged}, 0, ${
      judged - differs
    }, 0, ${differs}, 0, 0, 0, ${judged}, 0, 0, 0, now())`;
  assert.equal(await value(sql, "Audit"), null);
  await day("BTCUSDT", 0, 0);
  assert.equal(Number(await value(sql, "Audit")), -1);
  await day("ETHUSDT", 10, 0);
  assert.equal(await value(sql, "Audit"), "0");
  await day("SOLUSDT", 10, 3);
  assert.equal(await value(sql, "Audit"), "3");
});

Deno.test("the price is the first chosen symbol's, with its way over the range, and none if it is older than an hour", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await candle(sql, "BTCUSDT", "2024-08-08T11:30:00Z", 100);
  await candle(sql, "BTCUSDT", "2024-08-08T11:40:00Z", 120);
  await candle(sql, "ETHUSDT", "2024-08-08T11:40:00Z", 7);
  const price = async (symbols: string[], to = noon) => {
    const view = { ...lastHour, from: new Date(noon - HOUR), to: new Date(to), variables: chosen(symbols) };
    return (await rowsOf(sql, queryOf("Price"), view)).map(({ metric, close }) => [metric, Number(close)]);
  };
  assert.deepEqual(await price(["BTCUSDT", "ETHUSDT"]), [["BTCUSDT", 100], ["BTCUSDT", 120]]);
  assert.deepEqual(await price(["ETHUSDT"]), [["ETHUSDT", 7]]);
  assert.deepEqual(await price(["BTCUSDT"], noon + HOUR), []);
});

Deno.test("rows of ages stay in the order of their symbols while ages change; a symbol without quotes for a minute comes first", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const now = Date.now();
  const order = async () => {
    const view = { ...lastHour, from: new Date(now - HOUR), to: new Date() };
    return (await rowsOf(sql, queryOf("Age of the newest row"), view)).map(({ Symbol }) => Symbol);
  };
  const quote = async (symbol: string, ago: number) => {
    await store(sql, [tick(now - ago * 1_000, { symbol, updateId: now - ago })]);
    await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  };
  for (const [symbol, ago] of [["BTCUSDT", 20], ["ADAUSDT", 10], ["SOLUSDT", 600]] as const) {
    await candle(sql, symbol, new Date(now - 90_000).toISOString(), 100);
    await quote(symbol, ago);
  }
  assert.deepEqual(await order(), ["SOLUSDT", "ADAUSDT", "BTCUSDT"]);
  await quote("BTCUSDT", 2);
  assert.deepEqual(await order(), ["SOLUSDT", "ADAUSDT", "BTCUSDT"]);
  await quote("SOLUSDT", 2);
  assert.deepEqual(await order(), ["ADAUSDT", "BTCUSDT", "SOLUSDT"]);
});
