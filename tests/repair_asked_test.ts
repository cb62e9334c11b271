/** Tests of what the ledger offers the repair worker to ask for. */
import assert from "node:assert/strict";
import { fileOf } from "../history/files.ts";
import { addGap, feedOf } from "./repair.ts";
import { testDatabase } from "./stack.ts";
import { setClock } from "./ticks.ts";
import { tradeDatabase, tradeOf } from "./trades.ts";

const NOON = Date.parse("2026-08-10T12:00:00Z");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

Deno.test("of trades that are missing from before REST reaches back on, those are asked for that it still has", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  const [DAY, HOUR] = [24 * 60 * MINUTE, 60 * MINUTE];
  await market.store(tradeOf(100, NOON - 30 * HOUR), tradeOf(200, NOON - HOUR));
  const feed = "btcusdt@aggTrade";
  await addGap(sql, "trade", feed, "BTCUSDT", NOON - 30 * HOUR + SECOND, NOON - HOUR);
  await market.settle(NOON);
  const next = async (putOff: string[] = []) => {
    const rows = await sql`
      select state, first_position::int as first, last_position::int as last, extract(epoch from starts_at)::float8 * 1000 as at,
        extract(epoch from reach_ends_at)::float8 * 1000 as late
      from websocket.next_repairs(20, ${JSON.stringify(putOff)}::text::jsonb)`;
    return rows.map(({ state, first, last, at, late }) => [state, first, last, at, late]);
  };
  const now = NOON + MINUTE;
  await setClock(sql, now);
  const old = (at: number) => ["too old", 101, 199, at, at + DAY - MINUTE];
  assert.deepEqual(await next(), [
    old(NOON - 30 * HOUR),
    ["reachable", 101, 199, now - DAY + 2 * MINUTE, now + MINUTE],
  ]);
  assert.deepEqual(await next([`trade ${feed}`]), [old(NOON - 30 * HOUR)]);
  // What was asked for by time is on its way.
  await sql`
    select websocket.note_answer('trade', ${feed}, 101, 199, ${new Date(NOON - DAY)}, '[]')`;
  assert.deepEqual(await next(), []);
  await setClock(sql, NOON + 23 * HOUR - 6 * MINUTE);
  assert.equal((await next()).length, 2);
  await setClock(sql, NOON + 23 * HOUR - 4 * MINUTE);
  assert.deepEqual(await next(), [old(NOON - 30 * HOUR)], "all of it is too old");
});

Deno.test("trades of a gap after which the symbol does not trade are asked for while REST has them, and the archive's file settles it", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  const HOUR = 60 * MINUTE;
  const feed = "btcusdt@aggTrade";
  await market.store(tradeOf(100, NOON - 5 * MINUTE), tradeOf(101, NOON - 4 * MINUTE));
  for (const symbol of ["BTCUSDT", "NEWUSDT"]) {
    await addGap(
      sql,
      "trade",
      symbol === "BTCUSDT" ? feed : "newusdt@aggTrade",
      symbol,
      NOON - 3 * MINUTE,
      NOON,
    );
  }
  await market.settle(NOON);
  const next = async (at: number) => {
    await setClock(sql, at);
    const rows = await sql`
      select symbol, state, first_position::float8 as first, last_position::float8 as last from websocket.next_repairs(20, '[]')
      order by symbol`;
    return rows.map(({ symbol, state, first, last }) => [symbol, state, first, last]);
  };
  const end = Number.MAX_SAFE_INTEGER;
  const asked = [["BTCUSDT", "missing", 102, end], ["NEWUSDT", "missing", 0, end]];
  assert.deepEqual(await next(NOON + 10 * MINUTE), [], "it is quiet");
  assert.deepEqual(await next(NOON + 11 * MINUTE), asked);
  // A part of what was given is stored: it goes on behind that.
  await market.store(tradeOf(103, NOON - 2 * MINUTE, { eventTime: NOON - 2 * MINUTE }));
  await market.settle(NOON + 12 * MINUTE);
  assert.deepEqual((await next(NOON + 13 * MINUTE))[0], ["BTCUSDT", "missing", 102, 102]);
  assert.deepEqual((await next(NOON + 13 * MINUTE))[1], ["BTCUSDT", "missing", 104, end]);
  await sql`
    select websocket.note_answer('trade', ${feed}, 102, 103, ${new Date(NOON - 5 * MINUTE)}, '[[102, 102]]')`;
  assert.deepEqual((await next(NOON + 23 * HOUR))[0], ["BTCUSDT", "missing", 104, end]);
  assert.deepEqual(await next(NOON + 24 * HOUR), [], "nobody can tell");
  await sql`
    insert into websocket.archive_files (path, table_name, since, until, sha256, rows, summarised)
    values ('aggTrades/BTCUSDT/1.zip', 'trade_data', ${new Date(NOON - 12 * HOUR)}, ${new Date(
    NOON + 12 * HOUR,
  )}, '', 1, true)`;
  assert.deepEqual((await next(NOON + 25 * HOUR)).map((one) => one.slice(0, 2)), [["BTCUSDT", "absent"]]);
});

Deno.test("files of a symbol whose name is not of ASCII are found as the archive names them", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const [since, until] = [new Date(NOON), new Date(NOON + 60 * MINUTE)];
  const isImported = async (symbol: string) => {
    const [row] = await sql`
      select websocket.is_imported('trade_data', ${symbol}, ${since}, ${new Date(
      NOON + MINUTE,
    )}) as is_imported`;
    return row.is_imported;
  };
  for (const symbol of ["币安人生USDT", "1000SHIBUSDT", "BTCUSDT_261225"]) {
    const period = { unit: "daily", since: NOON, until: NOON } as const;
    const { path } = fileOf({ archivePath: "/um" }, { kind: "aggTrades" }, symbol, "", period);
    assert.equal(await isImported(symbol), false);
    await sql`
      insert into websocket.archive_files (path, table_name, since, until, sha256, rows, summarised)
      values (${path}, 'trade_data', ${since}, ${until}, '', 1, true)`;
    assert.equal(await isImported(symbol), true, path);
  }
  assert.equal(await isImported("币安人死USDT"), false);
});

Deno.test("hours of feeds that the exchange refuses do not keep those of others from being compared", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const symbols = ["AAUSDT", "BBUSDT", "CCUSDT"];
  for (const symbol of symbols) {
    await sql`
      insert into websocket.coverage_data (session, producer, feed, symbol, stream, covered_from, covered_to, version, reason)
      values ('a', 'default', ${feedOf(symbol)}, ${symbol}, 'kline', ${new Date(NOON - 150 * MINUTE)},
        ${new Date(NOON - 60 * MINUTE)}, 1, 'stopped')`;
  }
  await setClock(sql, NOON + 22 * 60 * MINUTE);
  const offered = async (...putOff: string[]) =>
    (await sql`select symbol from websocket.next_audits(2, ${JSON.stringify(putOff)}::text::jsonb)`)
      .map(({ symbol }) => symbol);
  assert.deepEqual(await offered(), ["AAUSDT", "BBUSDT"]);
  const refused = symbols.slice(0, 2).map((symbol) => `kline ${feedOf(symbol)}`);
  assert.deepEqual(await offered(...refused), ["CCUSDT"]);
});

Deno.test("a candle before a gap that nothing came of counts as one without trades, unless the gap began before its first message was due", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, NOON + 10 * MINUTE);
  const begins = [500, 1_999, 2_000, 30 * SECOND];
  for (const [n, ms] of begins.entries()) {
    const symbol = `S${n}USDT`;
    await addGap(sql, "kline", feedOf(symbol), symbol, NOON + ms, NOON + 40 * SECOND);
  }
  const rows = await sql`
    select symbol, first_position::float8 as first, last_position::float8 as last
    from websocket.next_repairs(20, '[]') order by symbol`;
  assert.deepEqual(rows.map(({ symbol, first, last }) => [symbol, first - NOON, last - NOON]), [
    ["S0USDT", -MINUTE, 0],
    ["S1USDT", -MINUTE, 0],
    ["S2USDT", 0, 0],
    ["S3USDT", 0, 0],
  ]);
});
