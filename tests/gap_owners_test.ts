/** Tests of the gap ledger: whose coverage goes on, and who still wants a feed. */
import assert from "node:assert/strict";
import { coverageDatabase, gapsOf, heartbeat, interval, keepGaps, NOW } from "./coverage.ts";

/** The coverage database, once its clock and the reading of the topic have gone on for so long. */
async function later(test: Awaited<ReturnType<typeof coverageDatabase>>, ms: number) {
  await test.clock(NOW + ms);
  await test.readToEnd(0, NOW + ms);
  await keepGaps(test.sql);
  return (await gapsOf(test.sql)).map(({ symbol, from, to, state, reason }) => [
    symbol,
    from,
    to,
    state,
    reason,
  ]);
}

Deno.test("a producer that is killed after its intervals and before its session itself are told leaves a gap that is open, and ends", async () => {
  await using test = await coverageDatabase();
  await test.store(interval(["a/1", "BTCUSDT", 1_000, 0, "open"]));
  assert.deepEqual(await later(test, 1_000), [], "it may speak yet");
  assert.deepEqual(await later(test, 7_000), [["BTCUSDT", 1_000, null, "open", "no heartbeat"]]);
  await test.store(interval(["a/2", "BTCUSDT", 9_000, 0, "open"]), heartbeat("a/2", 8_000, 9_500));
  assert.deepEqual(await later(test, 8_000), [["BTCUSDT", 1_000, 9_000, "lost", "no heartbeat"]]);
});

Deno.test("a session whose first word comes after its intervals is the one that they are of", async () => {
  await using test = await coverageDatabase();
  await test.store(interval(["a/1", "BTCUSDT", 1_000, 0, "open"]));
  await test.store(heartbeat("a/1", 500, 5_000));
  assert.deepEqual(await later(test, 1_000), []);
  const [row] = await test.sql`
    select status, version::int, extract(epoch from covered_to - started_at)::float8 * 1000 as ms
    from websocket.coverage_sessions`;
  assert.deepEqual({ ...row }, { status: "live", version: 1, ms: 4_500 });
});

Deno.test("an interval whose end was lost ends with its session", async () => {
  await using test = await coverageDatabase();
  await test.store(
    interval(["a/1", "BTCUSDT", 1_000, 0, "open"]),
    heartbeat("a/1", 0, 5_000, "stopped"),
  );
  assert.deepEqual(await later(test, 1_000), [["BTCUSDT", 5_000, null, "open", "stopped"]]);
});
