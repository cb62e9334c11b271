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
    /** As `forget`, but for a session that goes on: it speaks again before intervals are forgotten. */
    async forgetBeside(...alive: Parameters<typeof test.store>) {
      await sql`update websocket.streams set pruned_at = websocket.now() + interval '10 days'`;
      await this.forget();
      await test.store(...alive);
      await keepGaps(sql);
      await sql`update websocket.streams set pruned_at = '-infinity'`;
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

Deno.test("what was killed and never followed is forgotten as well, but not the last that is known of a feed, and its session with it", async () => {
  await using test = await retainingDatabase();
  const { sql } = test;
  await test.store(
    // A producer of another name, which never came back.
    interval(["old/1", "BTCUSDT", 0, 0, "open"]),
    interval(["old/1", "ETHUSDT", 0, 60, "silent"]),
    heartbeat("old/1", 0, 100),
    interval(["gone/1", "XRPUSDT", 0, 0, "open"]),
    heartbeat("gone/1", 0, 200),
    interval(["a/1", "BTCUSDT", 50, 70, "lost connection"]),
    interval(["a/1", "BTCUSDT", 80, 0, "open"]),
    interval(["a/1", "ETHUSDT", 90, 0, "open"]),
    heartbeat("a/1", 0, DAY),
  );
  await sql`update websocket.coverage_sessions set heard_at = heard_at - interval '7 s' where producer <> 'a'`;
  await keepGaps(sql);
  await test.forgetBeside(heartbeat("a/1", 0, LATER + NOW, "open", 2));
  assert.deepEqual(await test.gaps(), [["ETHUSDT", 60, 90, "lost"], ["XRPUSDT", 200, null, "open"]]);
  const left = await sql`select session, symbol from websocket.coverage_data order by session, symbol`
    .values();
  assert.deepEqual([...left], [["a/1", "BTCUSDT"], ["a/1", "ETHUSDT"], ["gone/1", "XRPUSDT"]]);
  const sessions = await sql`select session from websocket.coverage_sessions order by session`.values();
  assert.deepEqual(sessions.flat(), ["a/1", "gone/1"]);
});

Deno.test("an interval whose end Kafka lost is forgotten, and one of a session that goes on is not", async () => {
  await using test = await retainingDatabase();
  const { sql } = test;
  await test.store(
    interval(["a/1", "BTCUSDT", 0, 0, "open"]),
    interval(["a/1", "BTCUSDT", 100, 200, "lost connection"]),
    interval(["a/1", "BTCUSDT", 250, 0, "open"]),
    heartbeat("a/1", 0, 300),
  );
  await test.forgetBeside(heartbeat("a/1", 0, LATER + NOW, "open", 2));
  const left = await sql`
    select extract(epoch from covered_from)::float8 * 1000 as since from websocket.coverage_data order by covered_from`;
  assert.deepEqual(left.map(({ since }) => since - EPOCH), [250]);
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 200, 250, "lost"]]);
});

Deno.test("a gap that is open as a killed producer wants its feed stays, though that is older than all rows that are kept", async () => {
  await using test = await retainingDatabase();
  const { sql } = test;
  await test.store(
    interval(["old/1", "BTCUSDT", 0, 0, "open"]),
    heartbeat("old/1", 0, 100),
    interval(["a/1", "BTCUSDT", 50, 200, "unsubscribed"]),
    interval(["a/1", "ETHUSDT", 50, 0, "open"]),
    heartbeat("a/1", 0, 300),
  );
  await sql`update websocket.coverage_sessions set heard_at = heard_at - interval '7 s' where producer = 'old'`;
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 200, null, "open"]]);
  await test.forgetBeside(
    heartbeat("a/1", 0, LATER + NOW, "open", 2),
  );
  await sql`insert into websocket.stale_feeds (stream, feed, since, due_at) select stream, feed, covered_to, '-infinity' from websocket.coverage`;
  assert.deepEqual(await test.gaps(), [["BTCUSDT", 200, null, "open"]]);
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
      isKilled: fc.boolean(),
    }),
    { minLength: 1, maxLength: 10, selector: ({ producer, from }) => `${producer} ${from}` },
  );
  // A producer is asked for a week whether it wants a feed.
  await test.clock(LATER + 3 * DAY);
  await sql`update websocket.coverage_reads set read_at = websocket.now()`;
  const forgotten = { ended: 0, killed: 0 };
  await fc.assert(
    fc.asyncProperty(intervals, async (some) => {
      for (const table of ["coverage_data", "coverage_sessions", "stale_feeds", "gap_data"]) {
        await sql`delete from websocket.${sql(table)}`;
      }
      await sql`update websocket.streams set pruned_at = websocket.now()`;
      await test.store(...some.flatMap(({ producer, from, length, isKilled }) => {
        const start = FLOOR - 25 + from;
        if (!isKilled) return [stopped(`${producer}/1`, "BTCUSDT", start, start + length)];
        const session = `${producer}/killed at ${from}`;
        return [
          interval([session, "BTCUSDT", start, 0, "open"]),
          heartbeat(session, start, start + length, "starting"),
        ];
      }));
      await sql`update websocket.coverage_sessions set heard_at = heard_at - interval '7 s'`;
      const before = (await test.gaps()).filter(([, , to]) => to === null || Number(to) > FLOOR);
      await sql`update websocket.streams set pruned_at = '-infinity'`;
      await keepGaps(sql);
      await sql`
        insert into websocket.stale_feeds (stream, feed, since, due_at)
        values ('book', 'btcusdt@bookTicker', '-infinity', '-infinity')`;
      const after = (await test.gaps()).filter(([, , to]) => to === null || Number(to) > FLOOR);
      assert.deepEqual(after, before);
      const [left] = await sql`
        select count(*) filter (where reason = 'open')::int as killed, count(*) filter (where reason <> 'open')::int as ended
        from websocket.coverage_data`;
      const killed = some.filter(({ isKilled }) => isKilled).length;
      forgotten.killed += killed - left.killed;
      forgotten.ended += some.length - killed - left.ended;
    }),
    { numRuns: 100 },
  );
  assert.ok(forgotten.ended > 50 && forgotten.killed > 50, `forgotten were ${JSON.stringify(forgotten)}`);
});
