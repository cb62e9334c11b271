import assert from "node:assert/strict";
import { coverageDatabase, EPOCH, gapsOf, heartbeat, interval, keepGaps, NOW } from "./coverage.ts";

const gap = (symbol: string, from: number, to: number | null, state: string, reason: string) => ({
  ...{ symbol, from, to, state, reason, dropped: null },
});
const at = (ms: number) => new Date(EPOCH + ms);

/** The session of producer `a` that runs from 0 on, with one feed, up to `coveredTo`. */
const running = (coveredTo: number, version = 1) => [
  interval(["a/1", "BTCUSDT", 0, 0, "open"]),
  heartbeat("a/1", 0, coveredTo, "open", version),
];

Deno.test("a producer that is killed leaves a gap that is open once its topic is read, from where it was covered last", async () => {
  await using test = await coverageDatabase();
  const { sql, store, clock, readToEnd } = test;
  await store(...running(5_000));
  await clock(NOW + 5_000);
  await readToEnd(0, NOW + 5_000);
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [], "it may speak again");
  await clock(NOW + 7_000);
  await readToEnd(0, NOW + 7_000);
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [gap("BTCUSDT", 5_000, null, "open", "no heartbeat")]);

  await store(interval(["a/2", "BTCUSDT", 9_000, 0, "open"]), heartbeat("a/2", 8_000, 9_500));
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [gap("BTCUSDT", 5_000, 9_000, "lost", "no heartbeat")]);
});

Deno.test("a quiet feed that is lost before anything is known to be covered of it has a gap from its subscription on", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  await store(interval(["a/1", "BTCUSDT", 1_000, 1_000, "silent"]), heartbeat("a/1", 0, 20_000));
  await keepGaps(sql);
  await store(
    interval(["a/1", "BTCUSDT", 1_000, 1_000, "lost connection", null, 2]),
    interval(["a/1", "BTCUSDT", 25_000, 0, "open"]),
    heartbeat("a/1", 0, 30_000, "open", 2),
  );
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [gap("BTCUSDT", 1_000, 25_000, "lost", "lost connection")]);
  // One that covers nothing, between others, splits no gap.
  await store(
    interval(["a/1", "BTCUSDT", 25_000, 40_000, "lost connection", null, 3]),
    interval(["a/1", "BTCUSDT", 45_000, 45_000, "lost connection", null, 3]),
    interval(["a/1", "BTCUSDT", 50_000, 0, "open", null, 3]),
    heartbeat("a/1", 0, 60_000, "open", 3),
  );
  await keepGaps(sql);
  assert.deepEqual((await gapsOf(sql)).map(({ from, to }) => [from, to]), [[1_000, 25_000], [
    40_000,
    50_000,
  ]]);
});

Deno.test("nothing is open while the topic is not read to its end, nor for the 20 s after that", async () => {
  await using test = await coverageDatabase();
  const { sql, store, clock, readToEnd } = test;
  await store(...running(5_000));
  await clock(NOW + 30_000);
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [gap("BTCUSDT", 5_000, null, "unknown", "no progress")]);
  await readToEnd(NOW + 29_000, NOW + 30_000);
  await keepGaps(sql);
  assert.equal((await gapsOf(sql))[0].state, "unknown", "its producer may be waiting to send");
  await readToEnd(NOW + 10_000, NOW + 30_000);
  await keepGaps(sql);
  assert.equal((await gapsOf(sql))[0].state, "open");
  // The consumer is behind again.
  await clock(NOW + 40_000);
  await keepGaps(sql);
  assert.equal((await gapsOf(sql))[0].state, "unknown");
});

Deno.test("a producer that was only cut off from Kafka, and speaks again, had no gap", async () => {
  await using test = await coverageDatabase();
  const { sql, store, clock, readToEnd } = test;
  await store(...running(5_000));
  await clock(NOW + 30_000);
  await readToEnd(0, NOW + 30_000);
  await keepGaps(sql);
  assert.equal((await gapsOf(sql))[0].state, "open");
  await store(heartbeat("a/1", 0, 36_000, "open", 2));
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), []);
});

Deno.test("a producer that is alive but makes no progress has an unknown gap, until it does", async () => {
  await using test = await coverageDatabase();
  const { sql, store, clock, readToEnd } = test;
  await store(...running(5_000));
  await clock(NOW + 11_000);
  await readToEnd(0, NOW + 11_000);
  await store(heartbeat("a/1", 0, 5_000, "open", 2));
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [gap("BTCUSDT", 5_000, null, "unknown", "no progress")]);
  await store(heartbeat("a/1", 0, 16_000, "open", 3));
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), []);
});

Deno.test("a symbol that the next run of a producer does not have has no gap, whether the run before was stopped or killed", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  await store(
    interval(["a/1", "BTCUSDT", 0, 100, "stopped"]),
    interval(["a/1", "ETHUSDT", 0, 100, "stopped"]),
    heartbeat("a/1", 0, 100, "stopped"),
    interval(["b/1", "BTCUSDT", 0, 0, "open"]),
    interval(["b/1", "XRPUSDT", 0, 0, "open"]),
    heartbeat("b/1", 0, 90),
  );
  await sql`update websocket.coverage_sessions set heard_at = heard_at - interval '7 s' where session = 'b/1'`;
  await keepGaps(sql);
  assert.deepEqual((await gapsOf(sql)).map(({ symbol, state }) => [symbol, state]), [
    ["BTCUSDT", "open"],
    ["ETHUSDT", "open"],
    ["XRPUSDT", "open"],
  ]);
  for (const [name, version] of [["a", 1], ["b", 1]] as const) {
    await store(
      interval([`${name}/2`, "BTCUSDT", 200, 0, "open"]),
      heartbeat(`${name}/2`, 150, 1_000, "starting", version),
    );
  }
  await keepGaps(sql);
  assert.equal((await gapsOf(sql)).length, 3, "the other connections of the new runs are yet to come");
  for (const name of ["a", "b"]) await store(heartbeat(`${name}/2`, 150, 2_000, "open", 2));
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [gap("BTCUSDT", 100, 200, "lost", "stopped")]);
  // It is put back: nothing is missing of the time in which nobody wanted it.
  await store(
    interval(["a/3", "ETHUSDT", 5_000, 0, "open"]),
    heartbeat("a/3", 4_000, 6_000),
  );
  await keepGaps(sql);
  assert.deepEqual((await gapsOf(sql)).filter(({ symbol }) => symbol === "ETHUSDT"), []);
});

Deno.test("two producers of one name at once are told of, and neither ends what the other has", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  await store(
    interval(["a/1", "BTCUSDT", 0, 0, "open"]),
    heartbeat("a/1", 0, 30_000),
    interval(["a/2", "ETHUSDT", 10_000, 0, "open"]),
    heartbeat("a/2", 10_000, 30_000),
  );
  const [{ warning }] = await sql`select * from websocket.keep_gaps()`;
  assert.match(
    warning,
    /two producers of book run at once under the name a: give each its own PRODUCER_NAME/,
  );
  await sql`update websocket.coverage_sessions set heard_at = heard_at - interval '7 s' where session = 'a/1'`;
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [gap("BTCUSDT", 30_000, null, "open", "no heartbeat")]);
});

Deno.test("a gap that another producer covered is deleted, shrunk or split, and one that is repaired stays so while it is the same", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  const kline = (...args: Parameters<typeof interval>[0]) => interval(args, "kline");
  await store(
    kline("a/1", "BTCUSDT", 0, 100, "lost connection"),
    kline("a/1", "BTCUSDT", 200, 300, "lost connection"),
    kline("a/1", "BTCUSDT", 400, 500, "lost connection"),
    kline("a/1", "BTCUSDT", 600, 0, "open"),
    heartbeat("a/1", 0, 5_000),
  );
  await keepGaps(sql);
  assert.deepEqual((await gapsOf(sql)).map(({ from, state }) => [from, state]), [
    [100, "unrepaired"],
    [300, "unrepaired"],
    [500, "unrepaired"],
  ]);
  await sql`update websocket.gap_data set state = 'repaired', repaired_at = now(), missing = 3`;
  await store(kline("b/1", "BTCUSDT", 100, 200, "stopped"), kline("b/1", "BTCUSDT", 320, 340, "stopped"));
  await keepGaps(sql);
  assert.deepEqual((await gapsOf(sql)).map(({ from, to, state }) => [from, to, state]), [
    [300, 320, "unrepaired"],
    [340, 400, "unrepaired"],
    [500, 600, "repaired"],
  ]);
});

Deno.test("gaps of other causes, and those from before a feed's first interval, are left alone", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  for (const [cause, from, to] of [["ids", 20, 30], ["kafka", 40, 50], ["coverage", -200, -100]] as const) {
    await sql`
      insert into websocket.gap_data (stream, feed, symbol, cause, started_at, ended_at, reason, state)
      values ('book', 'btcusdt@bookTicker', 'BTCUSDT', ${cause}, ${at(from)}, ${at(to)}, 'before', 'lost')`;
  }
  await store(...running(5_000));
  await keepGaps(sql);
  assert.deepEqual((await gapsOf(sql)).map(({ from }) => from), [-200, 20, 40]);
});
