/** A database whose clock was a month ahead for a while. */
import assert from "node:assert/strict";
import { coverageDatabase, EPOCH, gapsOf, heartbeat, interval, keepGaps, NOW } from "./coverage.ts";

const MONTH = 30 * 86_400_000;
const at = (ms: number) => new Date(EPOCH + ms);

Deno.test("a gap that was noted while the database's clock was ahead is told once the clock is right", async () => {
  await using test = await coverageDatabase();
  const { sql, store, clock } = test;
  await clock(NOW + MONTH);
  await store(
    interval(["a/1", "BTCUSDT", 0, 5_000, "overflow"]),
    interval(["a/1", "BTCUSDT", 9_000, 9_500, "stopped"]),
  );
  await clock(NOW);
  await keepGaps(sql);
  assert.deepEqual((await gapsOf(sql)).map(({ from, to }) => [from, to]), [[5_000, 9_000], [9_500, null]]);
});

Deno.test("a producer that spoke last while the database's clock was ahead is gone once the clock is right", async () => {
  await using test = await coverageDatabase();
  const { sql, store, clock, readToEnd } = test;
  await clock(NOW + MONTH);
  await store(interval(["a/1", "BTCUSDT", 0, 0, "open"]), heartbeat("a/1", 0, 5_000));
  for (const passed of [0, 7_000]) {
    await clock(NOW + passed);
    await readToEnd(0, NOW + passed);
    await keepGaps(sql);
  }
  const [{ state, from, reason }] = await gapsOf(sql);
  assert.deepEqual([state, from, reason], ["open", 5_000, "no heartbeat"]);
});

Deno.test("repairs go on after the database's clock was ahead: another worker takes the lease, and the exchange is asked again", async () => {
  await using test = await coverageDatabase();
  const { sql, clock } = test;
  const mayRepair = async (worker: string) =>
    (await sql`select websocket.claim_repair(${worker}) as may`)[0].may as boolean;
  const missing = async () =>
    (await sql`select from websocket.next_repairs(20, '[]') where state = 'missing'`).length;
  await sql`insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, state)
    values ('kline', 'btcusdt@kline_1m', 'BTCUSDT', ${at(2_000)}, ${
    at(30_000)
  }, 'lost connection', 'unrepaired')`;
  await clock(NOW + MONTH);
  assert.ok(await mayRepair("one"));
  await sql`select websocket.note_answer('kline', 'btcusdt@kline_1m', ${EPOCH}, ${EPOCH}, ${at(0)}, '[]')`;
  await clock(NOW);
  assert.ok(!await mayRepair("another"));
  assert.equal(await missing(), 0);
  await keepGaps(sql);
  await clock(NOW + 1);
  assert.ok(await mayRepair("another"));
  assert.equal(await missing(), 1);
});

Deno.test("no note of work is left for a later month by a database's clock that was ahead", async () => {
  await using test = await coverageDatabase();
  const { sql, clock } = test;
  await sql`insert into websocket.stale_trade_ids values (${at(NOW + MONTH)}, 'BTCUSDT')`;
  await sql`insert into websocket.stale_candles values (${at(0)}, ${at(60_000)}, ${at(NOW + MONTH)}, ${
    at(NOW + MONTH)
  }, 'BTCUSDT')`;
  await sql`update websocket.streams set pruned_at = ${at(NOW + MONTH)}`;
  await clock(NOW);
  await keepGaps(sql);
  const now = at(NOW).toISOString();
  assert.deepEqual(
    (await sql`
      select due_at as at from websocket.stale_trade_ids union select due_at from websocket.stale_candles
      union select noted_at from websocket.stale_candles union select pruned_at from websocket.streams`)
      .map(({ at }) => at.toISOString()),
    [now],
  );
});
