/** Tests of the gap ledger: whose coverage goes on, and who still wants a feed. */
import assert from "node:assert/strict";
import { coverageDatabase, gapsOf, heartbeat, interval, keepGaps, NOW } from "./coverage.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

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

Deno.test("a symbol that is taken out has no gap, though a producer that is gone for good had it once; if one had it within a week, it has", async () => {
  const END = 8 * DAY;
  for (const [until, gaps] of [[22 * HOUR, 0], [26 * HOUR, 1]] as const) {
    await using test = await coverageDatabase();
    await test.store(
      // It was killed.
      interval(["old/1", "ETHUSDT", 0, 0, "open"]),
      heartbeat("old/1", 0, until),
      interval(["a/1", "ETHUSDT", 0, END, "stopped"]),
      heartbeat("a/1", 0, END, "stopped"),
      interval(["a/2", "BTCUSDT", END + 100, 0, "open"]),
    );
    await later(test, END);
    await test.store(heartbeat("a/2", END + 50, END + 1_000));
    const found = await later(test, END + 1_000);
    assert.deepEqual(
      found.map(([symbol, from, to, state]) => [symbol, from, to, state]),
      [
        ["ETHUSDT", END, null, "open"],
      ].slice(0, gaps),
    );
  }
});

Deno.test("a feed of a producer that comes back under another name without it, or not at all, has a gap that stays open", async () => {
  await using test = await coverageDatabase();
  await test.store(
    interval(["old/1", "BTCUSDT", 0, 100, "stopped"]),
    interval(["old/1", "ETHUSDT", 0, 100, "stopped"]),
    heartbeat("old/1", 0, 100, "stopped"),
    interval(["new/1", "BTCUSDT", 90, 0, "open"]),
    heartbeat("new/1", 80, 9 * DAY),
  );
  assert.deepEqual(await later(test, 9 * DAY), [
    ["BTCUSDT", 9 * DAY, null, "open", "no heartbeat"],
    ["ETHUSDT", 100, null, "open", "stopped"],
  ]);
});

Deno.test("what a session loses is told, though Kafka lost the end of an earlier interval of it", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  await store(interval(["a/1", "BTCUSDT", 0, 0, "open"]), heartbeat("a/1", 0, 5_000));
  // The message that ended it at 10,000 is lost.
  await store(
    interval(["a/1", "BTCUSDT", 20_000, 0, "open", null, 3]),
    heartbeat("a/1", 0, 60_000, "open", 3),
  );
  await keepGaps(sql);
  await store(
    interval(["a/1", "BTCUSDT", 20_000, 70_000, "lost connection", null, 4]),
    interval(["a/1", "BTCUSDT", 80_000, 0, "open", null, 4]),
    heartbeat("a/1", 0, 90_000, "open", 4),
  );
  await keepGaps(sql);
  assert.deepEqual((await gapsOf(sql)).map(({ from, to, state }) => [from, to, state]), [[
    70_000,
    80_000,
    "lost",
  ]]);
});
