import assert from "node:assert/strict";
import fc from "fast-check";
import { countGaps } from "../local/up/gap_counts.ts";
import { coverageDatabase, EPOCH, type Gap, gapsOf, heartbeat, interval, keepGaps, NOW } from "./coverage.ts";
import { history, modelGaps } from "./coverage_model.ts";

const gap = (
  from: number,
  to: number | null,
  state: string,
  reason: string,
  dropped: number | null = null,
) => ({
  ...{ symbol: "BTCUSDT", from, to, state, reason, dropped },
});

Deno.test("a gap is what lies between two intervals, with the reason of the first", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  await store(
    interval(["a/1", "BTCUSDT", 0, 100, "overflow", 7]),
    interval(["a/1", "BTCUSDT", 200, 0, "open"]),
    heartbeat("a/1", 0, 5_000),
  );
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), [gap(100, 200, "lost", "overflow", 7)]);
});

Deno.test("a coverage topic that is made anew with fewer partitions is known again once these are read to their end", async () => {
  await using test = await coverageDatabase();
  const { sql, clock } = test;
  const read = async (partitions: number) => {
    for (let n = 0; n < partitions; n++) await sql`select websocket.note_coverage_read(${n}, ${partitions})`;
    return (await sql`select websocket.coverage_read_at() as at`)[0].at;
  };
  await read(6);
  for (let second = 1; second <= 20; second++) {
    await clock(NOW + second * 1_000);
    await read(4);
  }
  await clock(NOW + 21_000);
  assert.deepEqual(await read(4), new Date(EPOCH + NOW + 21_000));
});

Deno.test("an interval that goes on is live only while the coverage topic is read", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  await store(interval(["a/1", "BTCUSDT", 0, 0, "open"]), heartbeat("a/1", 0, 5_000));
  await keepGaps(sql);
  const judged = async () => {
    const [{ is_live: isLive, covered_to: coveredTo }] = await sql`select * from websocket.coverage`;
    const unread = await sql`select feed, covered_to from websocket.unread_feeds`.values();
    return { isLive, coveredTo, unread: [...unread] };
  };
  const coveredTo = new Date(EPOCH + 5_000);
  await sql`update websocket.coverage_reads set read_at = now()`;
  assert.deepEqual(await judged(), { isLive: true, coveredTo, unread: [] });
  await sql`update websocket.coverage_reads set read_at = now() - interval '11 s'`;
  const unread = [["btcusdt@bookTicker", coveredTo]];
  assert.deepEqual(await judged(), { isLive: false, coveredTo, unread });
  assert.equal((await countGaps(sql, "websocket")).unknown, 1);
  await sql`delete from websocket.coverage_reads`;
  assert.deepEqual(await judged(), { isLive: false, coveredTo, unread }, "it was never read");
});

/** A hole that was settled is not unsettled by an interval that is told of later and may cover it. */
const settled = (gaps: Gap[]) =>
  gaps.map((one) => one.state === "unknown" && one.to !== null ? { ...one, state: "lost" } : one);

Deno.test("intervals in any order, overlapping, doubled and late, give the gaps of a model of sets of milliseconds", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  const counts: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(history, async (one) => {
      for (const table of ["coverage_data", "coverage_sessions", "stale_feeds", "gap_data"]) {
        await sql`delete from websocket.${sql(table)}`;
      }
      for (const part of one.parts) {
        await store(...part);
        await keepGaps(sql);
      }
      for (const [producer, { isAlive }] of Object.entries(one.sessions)) {
        if (isAlive) continue;
        await sql`update websocket.coverage_sessions set heard_at = heard_at - interval '7 s' where producer = ${producer}`;
      }
      // What waits for a session to go on is looked at every second.
      await sql`update websocket.stale_feeds set due_at = '-infinity'`;
      await keepGaps(sql);
      const gaps = await gapsOf(sql);
      for (const { state } of gaps) counts[state] = (counts[state] ?? 0) + 1;
      assert.deepEqual(settled(gaps), settled(modelGaps(one)));
    }),
    { numRuns: 200 },
  );
  for (const state of ["open", "unknown", "lost"]) assert.ok(counts[state] > 20, JSON.stringify(counts));
});
