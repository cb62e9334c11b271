/** Tests of gaps that reach over the day from which their table's rows are kept. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { createSinkLosses } from "../consumers/postgres/losses.ts";
import { coverageDatabase, EPOCH, gapsOf, heartbeat, interval, keepGaps, NOW } from "./coverage.ts";
import { schema } from "./stack.ts";

const DAY = 86_400_000;
/** From when on rows are kept once `forget` was called, and when that is. */
const FLOOR = Date.parse("2127-08-15T00:00:00Z") - EPOCH;
const LATER = 9 * DAY;

/** A coverage database whose table can come to keep only what is later than `FLOOR`. */
async function retainingDatabase() {
  await using parts = new AsyncDisposableStack();
  const test = parts.use(await coverageDatabase());
  const { sql } = test;
  const kept = parts.move();
  return {
    ...test,
    async forget() {
      await sql`
        create or replace function websocket.kept_since(table_name text) returns date language sql
        security definer set search_path = pg_catalog, websocket, pg_temp return date '2127-08-15'`;
      await test.clock(LATER + NOW);
      await sql`update websocket.coverage_reads set read_at = websocket.now()`;
      await keepGaps(sql);
    },
    async gaps() {
      await keepGaps(sql);
      return (await gapsOf(sql)).map(({ symbol, from, to, state }) => [symbol, from, to, state]);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const stopped = (session: string, symbol: string, from: number, to: number) =>
  interval([session, symbol, from, to, "stopped"]);
/** A session that goes on at `LATER`, since it began. */
const since = (from: number) => [
  interval(["a/2", "BTCUSDT", from, 0, "open"]),
  heartbeat("a/2", from - 100, LATER + NOW),
];

Deno.test("a gap that reaches into the days that are kept is told, though all that is known of it is read only then", async () => {
  await using test = await retainingDatabase();
  await test.forget();
  await test.store(stopped("a/1", "BTCUSDT", 0, 100), ...since(FLOOR + 50));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 100, FLOOR + 50, "lost"]]);
});

Deno.test("one that is older than all rows that are kept is not told", async () => {
  await using test = await retainingDatabase();
  await test.forget();
  await test.store(stopped("a/1", "BTCUSDT", 0, 100), ...since(FLOOR - 50));
  assert.deepEqual(await test.gaps(), []);
});

Deno.test("what Kafka lost of the days that are kept is told, though the loss began before them", async () => {
  await using test = await retainingDatabase();
  await test.forget();
  await test.store(...since(0));
  const losses = createSinkLosses(test.sql, schema, "book");
  await losses.begin(0, "deleted by retention", { BTCUSDT: EPOCH + 50 });
  await losses.end({ BTCUSDT: EPOCH + FLOOR + 50 });
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 50, FLOOR + 50, "lost"]]);
});

Deno.test("the gap of a symbol that nobody wants any more goes, however long ago it began", async () => {
  await using test = await retainingDatabase();
  await test.store(
    stopped("a/1", "BTCUSDT", 0, 100),
    stopped("a/1", "ETHUSDT", 0, 100),
    heartbeat("a/1", 0, 100, "stopped"),
  );
  await test.forget();
  assert.deepEqual(await test.gaps(), [
    ["BTCUSDT", 100, null, "open"],
    ["ETHUSDT", 100, null, "open"],
  ]);
  await test.store(...since(LATER));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 100, LATER, "lost"]]);
});

Deno.test("a gap ends though it began before the days that are kept, after the interval that reached furthest and not after the one that began last", async () => {
  await using test = await retainingDatabase();
  await test.store(stopped("a/1", "BTCUSDT", 0, 100), stopped("b/1", "BTCUSDT", 50, 60));
  await test.forget();
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 100, null, "open"]]);
  await test.store(...since(LATER));
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 100, LATER, "lost"]]);
});

Deno.test("of intervals that are forgotten before their gaps are computed, the last one before the days that are kept stays", async () => {
  await using test = await retainingDatabase();
  const { sql } = test;
  const symbols = Array.from({ length: 120 }, (_, n) => `S${n}USDT`);
  await sql`update websocket.streams set pruned_at = websocket.now() + interval '10 days'`;
  await test.forget();
  await test.store(
    ...symbols.flatMap((symbol) => [
      stopped("a/1", symbol, 0, 50),
      stopped("a/1", symbol, 60, 100),
      interval(["a/2", symbol, FLOOR + 50, 0, "open"]),
    ]),
    heartbeat("a/2", 200, LATER + NOW),
  );
  await sql`update websocket.streams set pruned_at = '-infinity'`;
  const gaps = await test.gaps();
  assert.deepEqual(gaps.filter(([, from, to]) => from === 100 && to === FLOOR + 50).length, symbols.length);
  const rows = await sql`select from websocket.coverage_data where covered_from = ${new Date(EPOCH)}`;
  assert.equal(rows.length, 0);
});

Deno.test("whatever intervals are forgotten, the gaps that reach into the days that are kept stay as they were", async () => {
  await using test = await retainingDatabase();
  const { sql } = test;
  await test.forget();
  const intervals = fc.uniqueArray(
    fc.record({
      producer: fc.constantFrom("a", "b", "c"),
      from: fc.nat(40),
      length: fc.integer({ min: 1, max: 15 }),
    }),
    { minLength: 1, maxLength: 10, selector: ({ producer, from }) => `${producer} ${from}` },
  );
  let forgotten = 0;
  await fc.assert(
    fc.asyncProperty(intervals, async (some) => {
      for (const table of ["coverage_data", "coverage_sessions", "stale_feeds", "gap_data"]) {
        await sql`delete from websocket.${sql(table)}`;
      }
      await sql`update websocket.streams set pruned_at = websocket.now()`;
      await test.store(...some.map(({ producer, from, length }) => {
        const start = FLOOR - 25 + from;
        return stopped(`${producer}/1`, "BTCUSDT", start, start + length);
      }));
      const before = (await test.gaps()).filter(([, , to]) => to === null || Number(to) > FLOOR);
      await sql`update websocket.streams set pruned_at = '-infinity'`;
      await keepGaps(sql);
      await sql`
        insert into websocket.stale_feeds (stream, feed, since, due_at)
        values ('book', 'btcusdt@bookTicker', '-infinity', '-infinity')`;
      const after = (await test.gaps()).filter(([, , to]) => to === null || Number(to) > FLOOR);
      assert.deepEqual(after, before);
      const [{ left }] = await sql`select count(*)::int as left from websocket.coverage_data`;
      forgotten += some.length - left;
    }),
    { numRuns: 100 },
  );
  assert.ok(forgotten > 50, `${forgotten} intervals were forgotten`);
});
