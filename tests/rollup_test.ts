import assert from "node:assert/strict";
import fc from "fast-check";
import type { Book } from "../shared/streams/book.ts";
import { testDatabase } from "./stack.ts";
import { differences, refresh, rollup } from "./rollup.ts";
import { setClock, store, tick, tidyUp } from "./ticks.ts";

Deno.test("a second without ticks has no row, and one with an empty book on both sides has no imbalance", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await store(sql, [tick("2026-08-10T12:00:00Z", { bidQty: "0", askQty: "0" })]);
  await refresh(sql);
  const seconds = await rollup(sql);
  assert.deepEqual(seconds.map(({ ticks, mean_imbalance }) => [ticks, mean_imbalance]), [["1", null]]);
});

Deno.test("a second holds its last update's prices and the spread, imbalance and delay of all", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const quote = (at: string, updateId: number, bid: [string, string], ask: [string, string]) =>
    tick(at, { updateId, bidPrice: bid[0], bidQty: bid[1], askPrice: ask[0], askQty: ask[1] });
  await store(sql, [
    // The greatest id is the last update, though it is neither the last row nor the last time.
    quote("2026-08-10T12:00:00.900Z", 7, ["0.10", "1"], ["0.13", "3"]),
    quote("2026-08-10T12:00:00.900Z", 9, ["0.11", "3.0"], ["0.12", "1"]),
    quote("2026-08-10T12:00:00.999Z", 8, ["0.10", "2"], ["0.12", "2"]),
    quote("2026-08-10T12:00:01.000Z", 10, ["5", "1"], ["6", "1"]),
  ]);
  await refresh(sql);
  const [second] = await rollup(sql);
  assert.deepEqual(second, {
    second: new Date("2026-08-10T12:00:00Z"),
    symbol: "BTCUSDT",
    ticks: "3",
    bid_price: "0.11",
    bid_qty: "3.0",
    ask_price: "0.12",
    ask_qty: "1",
    min_spread: "0.01",
    max_spread: "0.03",
    mean_spread: "0.02000000000000000000",
    mean_imbalance: "0.00000000000000000000",
    mean_delay: "00:00:00.03",
    max_delay: "00:00:00.03",
  });
});

Deno.test("a minute is the sum of its seconds", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await store(sql, [
    tick("2026-08-10T12:00:00.000Z", { askPrice: "61800.50" }),
    tick("2026-08-10T12:00:59.000Z", { askPrice: "61800.30" }),
    tick("2026-08-10T12:00:59.999Z", { askPrice: "61800.30" }),
    tick("2026-08-10T12:01:00.000Z"),
  ]);
  await refresh(sql);
  const [minute] = await sql`
    select minute, ticks, ask_price, min_spread, max_spread, round(mean_spread, 6) as mean_spread
    from websocket.order_book_1m order by minute`;
  assert.deepEqual(minute, {
    minute: new Date("2026-08-10T12:00:00Z"),
    ticks: "3",
    ask_price: "61800.30",
    min_spread: "0.10",
    max_spread: "0.30",
    mean_spread: "0.166667",
  });
});

Deno.test("redelivery changes nothing", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const ticks = [tick("2026-08-10T12:00:00Z"), tick("2026-08-10T12:00:00.5Z")];
  await store(sql, ticks);
  await refresh(sql);
  const before = await rollup(sql);
  await store(sql, ticks);
  await refresh(sql);
  assert.deepEqual(await rollup(sql), before);
});

Deno.test("every table has a key or a replica identity, each partition too", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await tidyUp(sql);
  const without = await sql`
    select relname from pg_class
    where relnamespace = 'websocket'::regnamespace and relkind in ('r', 'p')
      and relreplident <> 'f' and not exists (select from pg_index where indrelid = pg_class.oid and indisprimary)`;
  assert.deepEqual([...without], []);
});

Deno.test("a publication of all tables, and columns that a user adds, whatever their names, do no harm", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T12:00:00Z");
  await tidyUp(sql);
  await sql`create publication everything for all tables`;
  for (
    const table of ["order_book_data", "order_book_1s", "order_book_1m", "stale_seconds", "dropped_days"]
  ) {
    for (
      const name of ["since", "until", "stale", "settled", "symbols", "minutes", "measures", "quote", "run"]
    ) {
      await sql.unsafe(`alter table websocket.${table} add column ${name} text not null default 'mine'`);
    }
  }
  const ticks = ["2026-08-10T12:00:00Z", "2026-08-10T12:00:00.5Z", "2026-08-10T12:01:00Z"].map((at) =>
    tick(at)
  );
  await store(sql, ticks);
  await refresh(sql);
  await store(sql, [...ticks, tick("2026-08-10T12:00:00.7Z")]);
  await refresh(sql);
  assert.deepEqual(await differences(sql), []);
  const minutes = await sql`select ticks, since from websocket.order_book_1m order by minute`;
  assert.deepEqual([...minutes], [{ ticks: "3", since: "mine" }, { ticks: "1", since: "mine" }]);
});

Deno.test("the rollup locks only the partitions of the days that it updates, however many days there are", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  for (const day of [10, 14, 18]) {
    await setClock(sql, `2026-08-${day}T12:00:00Z`);
    await tidyUp(sql);
  }
  await store(sql, [tick("2026-08-14T12:00:00Z")]);
  await sql.begin(async (transaction) => {
    await transaction`select websocket.refresh_rollup('order_book_data', '0')`;
    const locked = await transaction`
      select distinct relname from pg_locks join pg_class on pg_class.oid = relation
      where pid = pg_backend_pid() and relkind = 'r' and relispartition order by relname`;
    assert.deepEqual(
      locked.map(({ relname }) => relname),
      ["order_book_1m_20260814", "order_book_1s_20260814", "order_book_data_20260814"],
    );
  });
});

Deno.test("the rollup of a day outlives its ticks, and is final once they are dropped", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const ticks = async () => (await sql`select from websocket.order_book_data`).length;
  await setClock(sql, "2026-08-10T12:00:00Z");
  await tidyUp(sql);
  await store(sql, [tick("2026-08-10T12:00:00Z"), tick("2026-08-10T12:00:00.5Z")]);

  await setClock(sql, "2026-08-20T12:00:00Z");
  await store(sql, [tick("2026-08-20T12:00:00Z")]);
  await tidyUp(sql);
  assert.equal(await ticks(), 3, "not before they are rolled up");
  await refresh(sql);
  await tidyUp(sql);
  assert.equal(await ticks(), 1);

  await store(sql, [tick("2026-08-10T12:00:00.7Z")]);
  await refresh(sql);
  assert.equal((await rollup(sql))[0].ticks, "2");

  await setClock(sql, "2026-12-01T12:00:00Z");
  await store(sql, [tick("2026-12-01T12:00:00Z")]);
  await refresh(sql);
  await tidyUp(sql);
  assert.deepEqual((await rollup(sql)).map(({ second }) => second), [new Date("2026-12-01T12:00:00Z")]);
});

const price = fc.bigInt({ min: 1n, max: 10n ** 12n }).map((units) =>
  `${units / 10000n}.${`${units % 10000n}`.padStart(4, "0")}`
);
const quantity = fc.oneof(fc.constant("0"), price);
const arbitraryTick: fc.Arbitrary<Book> = fc.record({
  symbol: fc.constantFrom("BTCUSDT", "1INCHUSDT", "币安人生USDT"),
  updateId: fc.integer({ min: 1, max: 40 }),
  // Few seconds around midnight, so that ticks meet in one second, in two partitions and in the default one.
  transactionTime: fc.integer({ min: -2_000, max: 2_000 }).map((ms) =>
    Date.parse("2026-08-10T00:00:00Z") + ms
  ),
  eventTime: fc.constant(Date.parse("2026-08-10T00:00:00Z")),
  receivedAt: fc.integer({ min: -5_000, max: 5_000 }).map((ms) => Date.parse("2026-08-10T00:00:00Z") + ms),
  bidPrice: price,
  bidQty: quantity,
  askPrice: price,
  askQty: quantity,
});

Deno.test("after any batches, in any order, late ones and repeated ones too, the rollup is that of the rows", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-09T12:00:00Z");
  await tidyUp(sql);
  const batches = fc.array(fc.array(arbitraryTick, { minLength: 1, maxLength: 20 }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(5), async (batches, refreshedAfter) => {
      await sql`truncate websocket.order_book_data, websocket.order_book_1s, websocket.order_book_1m, websocket.stale_seconds`;
      for (const [i, batch] of batches.entries()) {
        await store(sql, batch);
        if (i === refreshedAfter) await refresh(sql);
      }
      await refresh(sql);
      assert.deepEqual(await differences(sql), []);
    }),
    { numRuns: 60 },
  );
});
