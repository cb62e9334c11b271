import assert from "node:assert/strict";
import type { Sql } from "../shared/postgres/mod.ts";
import { addGap, feedOf } from "./repair.ts";
import { testDatabase } from "./stack.ts";
import { setClock } from "./ticks.ts";
import { tradeDatabase, tradeOf } from "./trades.ts";

const NOON = Date.parse("2026-08-10T12:00:00Z");
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What is to be asked for: symbols, and how long before noon the ranges begin, in minutes. */
async function missing(sql: Sql, putOff: string[] = []) {
  const rows = await sql`
    select symbol, extract(epoch from starts_at)::float8 * 1000 as since
    from websocket.next_repairs(20, ${JSON.stringify(putOff)}::text::jsonb) where state = 'missing'`;
  return rows.map(({ symbol, since }) => `${symbol} ${Math.round((NOON - since) / MINUTE)}`);
}

Deno.test("a feed of many gaps does not keep others waiting, and one that is put off is not asked for", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, NOON);
  for (let ago = 10; ago < 160; ago += 5) {
    const from = NOON - ago * MINUTE + 2 * SECOND;
    await addGap(sql, "kline", feedOf("BTCUSDT"), "BTCUSDT", from, from + SECOND);
  }
  await addGap(
    sql,
    "kline",
    feedOf("ETHUSDT"),
    "ETHUSDT",
    NOON - 200 * MINUTE + 2 * SECOND,
    NOON - 200 * MINUTE + 3 * SECOND,
  );
  const newest = ["BTCUSDT 10", "BTCUSDT 15", "BTCUSDT 20", "BTCUSDT 25", "BTCUSDT 30"];
  assert.deepEqual(await missing(sql), [...newest, "ETHUSDT 200"]);
  assert.deepEqual(await missing(sql, [`kline ${feedOf("BTCUSDT")}`]), ["ETHUSDT 200"]);
});

Deno.test("what was answered is asked for again only if its rows can't be on their way any more", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const from = NOON - 10 * MINUTE;
  await addGap(sql, "kline", feedOf("BTCUSDT"), "BTCUSDT", from + 2 * SECOND, from + 3 * SECOND);
  const answer = async (at: number) => {
    await setClock(sql, at);
    await sql`
      select websocket.note_answer('kline', ${feedOf("BTCUSDT")}, ${from}, ${from}, ${new Date(from)}, '[]')`;
  };
  const isAskedAt = async (at: number) => {
    await setClock(sql, at);
    return (await missing(sql)).length > 0;
  };
  const storedTo = (symbol: string, at: number) =>
    sql`select websocket.note_stored('kline', 0, ${JSON.stringify({ [symbol]: at })}::text::jsonb)`;

  // Nothing tells how far the stream is stored: twice as long each time.
  let at = NOON;
  for (const wait of [2, 4, 8, 16, 32, 60, 60]) {
    await answer(at);
    assert.equal(await isAskedAt(at + wait * MINUTE - 1), false, `${wait} minutes`);
    assert.equal(await isAskedAt(at += wait * MINUTE), true, `${wait} minutes`);
  }

  await sql`delete from websocket.repair_answers`;
  await answer(at);
  await storedTo("BTCUSDT", at - 1);
  assert.equal(await isAskedAt(at + 30 * MINUTE), false, "the consumer is behind");
  await storedTo("ETHUSDT", at + 11 * SECOND);
  assert.equal(await isAskedAt(at + 30 * MINUTE), true, "the partition is stored past it");
  await sql`select websocket.note_stored('kline', 1, ${JSON.stringify({ BTCUSDT: at - 1 })}::text::jsonb)`;
  assert.equal(await isAskedAt(at + 30 * MINUTE), false, "another partition of the symbol is behind");
  assert.equal(await isAskedAt(at + 60 * MINUTE), true, "an hour is enough");
});

Deno.test("before the first stored trade the answer for a later gap says nothing of an earlier one", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  await market.store(tradeOf(100, NOON), tradeOf(101, NOON + SECOND));
  await market.settle(NOON + MINUTE);
  const feed = "btcusdt@aggTrade";
  const [earlier, later] = [NOON - 60 * MINUTE, NOON - 10 * MINUTE];
  for (const from of [earlier, later]) await addGap(sql, "trade", feed, "BTCUSDT", from, from + MINUTE);
  assert.deepEqual(await missing(sql), ["BTCUSDT 10", "BTCUSDT 60"]);
  await sql`
    select websocket.note_answer('trade', ${feed}, 0, 99, ${new Date(later - SECOND)}, '[[0, 99]]')`;
  assert.deepEqual(await missing(sql), ["BTCUSDT 60"]);
  const states = await sql`select state from websocket.gap_data where cause = 'coverage' order by started_at`;
  assert.deepEqual(states.map(({ state }) => state), ["unrepaired", "repaired"]);
});

Deno.test("trades that are too old for REST are absent once the archive's files of their time are imported and lack them as well", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  const midnight = NOON - 12 * 60 * MINUTE;
  await market.store(tradeOf(5, midnight - SECOND), tradeOf(9, midnight + SECOND));
  await market.settle(NOON);
  await setClock(sql, NOON + 2 * 24 * 60 * MINUTE);
  const next = async () =>
    (await sql`select state from websocket.next_repairs(20, '[]')`).map(({ state }) => state);
  const imported = (path: string, day: number, isSummarised = true) =>
    sql`
      insert into websocket.archive_files (path, table_name, since, until, sha256, rows, summarised)
      values (${path}, 'trade_data', ${new Date(day)}, ${new Date(
      day + 24 * 60 * MINUTE,
    )}, '', 1, ${isSummarised})`;
  assert.deepEqual(await next(), ["too old"]);
  await imported("aggTrades/BTCUSDT/1.zip", midnight);
  await imported("aggTrades/ETHUSDT/0.zip", midnight - 24 * 60 * MINUTE);
  assert.deepEqual(await next(), ["too old"], "the day before is another symbol's");
  await imported("aggTrades/BTCUSDT/0.zip", midnight - 24 * 60 * MINUTE, false);
  assert.deepEqual(await next(), ["too old"], "its trades may not be known yet");
  await sql`update websocket.archive_files set summarised = true`;
  await next();
  assert.deepEqual(await next(), ["absent"]);
  assert.deepEqual(await next(), []);
});

Deno.test("an hour of which nothing later is stored is compared near the end of the day, where the feed was covered", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const from = NOON - 170 * MINUTE + 30 * SECOND;
  for (const interval of ["1m", "1h", "1d"]) {
    await sql`
      insert into websocket.coverage_data (session, producer, feed, symbol, stream, covered_from, covered_to, version, reason)
      values ('a', 'default', ${`btcusdt@kline_${interval}`}, 'BTCUSDT', 'kline', ${new Date(from)},
        ${new Date(from + 70 * MINUTE)}, 1, 'stopped')`;
  }
  const offered = async (hours: number) => {
    await setClock(sql, NOON + hours * 60 * MINUTE);
    const rows = await sql`
      select feed, first_position::float8 as first, last_position::float8 as last, positions::int,
        extract(epoch from final_at)::float8 * 1000 as final_at from websocket.next_audits(20)`;
    return rows.map(({ feed, first, last, positions, final_at }) => {
      const [since, until] = [first, last].map((at) => Math.round((NOON - at) / MINUTE));
      return { feed, minutes: [since, until, positions], final_at };
    });
  };
  assert.deepEqual(await offered(18), []);
  // From the candle that was going on at first to the last that ended; hours 9 and 10.
  const [minutes, hour] = [[170, 121, 50], [120, 101, 20]];
  assert.deepEqual((await offered(20)).map((one) => [one.feed, ...one.minutes]), [
    ["btcusdt@kline_1m", ...hour],
    ["btcusdt@kline_1h", 180, 180, 1],
    ["btcusdt@kline_1m", ...minutes],
  ]);
  const [{ feed, final_at }] = await offered(19);
  await sql`select websocket.note_audited(${feed}, ${new Date(final_at)})`;
  assert.deepEqual((await offered(19)).map((one) => one.feed), ["btcusdt@kline_1m"]);
});
