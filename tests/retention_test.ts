import assert from "node:assert/strict";
import { migrate } from "../migrations/run.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { silent } from "./silent.ts";
import { emptyDatabase, schema, testDatabase } from "./stack.ts";
import { refresh, rollup } from "./rollup.ts";
import {
  DAY,
  insert,
  keep,
  partitionDays,
  retry,
  setClock,
  store,
  tick,
  tidyUp,
  whereabouts,
} from "./ticks.ts";

const today = Date.parse("2127-08-10T12:00:00Z");

/** A database with a tick on each of so many days up to today, all of them kept by the table's retention. */
async function keptDays(days: number) {
  const database = await testDatabase();
  const { sql } = database;
  await setClock(sql, today);
  await keep(sql, days);
  await tidyUp(sql);
  await insert(sql, Array.from({ length: days }, (_, n) => tick(today - n * DAY)));
  await tidyUp(sql);
  return database;
}

const ticks = async (sql: Sql) => (await sql`select from websocket.order_book_data`).length;
const warning = async (sql: Sql): Promise<string | null> =>
  (await sql`select warning from websocket.tidy_up()`)[0].warning;

Deno.test("a clock that is a month ahead for one round drops nothing, and that is reported", async () => {
  await using database = await keptDays(31);
  const { sql } = database;
  await setClock(sql, today + 30 * DAY);
  await tidyUp(sql);
  assert.equal(await ticks(sql), 31);
  assert.match(
    (await warning(sql))!,
    /no day of order_book_data is dropped, as its newest row is of 2127-08-10 and the clock says 2127-09-09/,
  );
});

Deno.test("a row dated ahead drops nothing, nor do a row and a clock that are both ahead", async () => {
  await using database = await keptDays(31);
  const { sql } = database;
  await insert(sql, [tick(today + 30 * DAY), tick("2199-01-01T00:00:00Z")]);
  await tidyUp(sql);
  assert.equal(await ticks(sql), 33);
  await setClock(sql, today + 40 * DAY);
  await tidyUp(sql);
  assert.equal(await ticks(sql), 33);
});

Deno.test("a clock that was a month behind loses no tick of the days it should keep", async () => {
  await using database = await keptDays(3);
  const { sql } = database;
  await setClock(sql, today - 30 * DAY);
  await tidyUp(sql);
  await setClock(sql, today);
  await tidyUp(sql);
  assert.equal(await ticks(sql), 3);
});

Deno.test("after a week without rows all days are kept until rows come again", async () => {
  await using database = await keptDays(7);
  const { sql } = database;
  const monday = today + 7 * DAY;
  await setClock(sql, monday);
  await tidyUp(sql);
  assert.equal(await ticks(sql), 7);
  await insert(sql, [tick(monday)]);
  await tidyUp(sql);
  assert.deepEqual(await ticks(sql), 2, "today's and that of seven days ago");
});

Deno.test("a table without rows drops its old partitions, also by a clock that is wrong, and rows that come later are rolled up", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await keep(sql, 7, 30);
  await setClock(sql, today);
  await tidyUp(sql);
  await setClock(sql, today + 100 * DAY);
  await tidyUp(sql);
  const far = await partitionDays(sql);
  assert.deepEqual([far[0], far.length], ["21271111", 10]);

  await setClock(sql, today);
  await tidyUp(sql);
  await store(sql, [tick(today)]);
  await tidyUp(sql);
  await refresh(sql);
  assert.deepEqual(await whereabouts(sql), { order_book_data_21270810: 1 });
  assert.equal((await rollup(sql)).length, 1);
});

Deno.test("days and stray rows older than the retention are dropped; younger ones and those dated ahead are kept", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-03T12:00:00Z");
  await tidyUp(sql);
  await insert(sql, [
    tick("2026-07-26T12:00:00Z"),
    tick("2026-08-02T23:59:59Z"),
    tick("2026-08-03T00:00:00Z"),
  ]);
  await tidyUp(sql);
  await setClock(sql, "2026-08-10T00:00:00Z");
  await insert(sql, [
    tick("1970-01-01T00:00:01Z"),
    tick("2026-08-10T00:00:00Z"),
    tick("2099-01-01T00:00:00Z"),
  ]);
  await tidyUp(sql);
  assert.deepEqual(await whereabouts(sql), {
    order_book_data_20260803: 1,
    order_book_data_20260810: 1,
    order_book_data_default: 1,
  });
  assert.equal((await partitionDays(sql))[0], "20260803");
});

Deno.test("a day that is read by its own name is kept until the reader ends, and keeps no other day", async () => {
  await using database = await keptDays(5);
  const { sql } = database;
  await keep(sql, 1);
  await sql.begin(async (reader) => {
    await reader`select from websocket.order_book_data_21270807`;
    await tidyUp(sql);
    assert.deepEqual((await partitionDays(sql)).filter((day) => day < "21270809"), ["21270807"]);
  });
  await retry(sql);
  await tidyUp(sql);
  assert.equal(await ticks(sql), 2);
});

Deno.test("while a dump reads all tables, attempts to drop are short and become rarer, up to one in a quarter of an hour", async () => {
  await using database = await keptDays(5);
  const { sql } = database;
  await keep(sql, 1);
  const pauses: number[] = [];
  let done = false;
  let longest = 0;
  const read = async () => {
    while (!done) {
      const since = performance.now();
      await sql`select from websocket.order_book_data where transaction_time = '2127-08-10'`;
      longest = Math.max(longest, performance.now() - since);
    }
  };
  await sql.begin("isolation level repeatable read", async (dump) => {
    await dump`select from websocket.order_book_data`;
    const reader = read();
    for (let n = 0; n < 9; n++) {
      await sql`select websocket.tidy_up()`;
      const [{ pause }] = await sql`
        select extract(epoch from retry_at - clock_timestamp())::float8 as pause from websocket.postponed
        where step = 'drop' and parent = 'order_book_data'`;
      pauses.push(pause);
      await retry(sql);
    }
    // Until it is due the step is not tried at all.
    await sql`update websocket.postponed set retry_at = clock_timestamp() + interval '14 min'`;
    await sql`select websocket.tidy_up()`;
    assert.equal((await sql`select failures from websocket.postponed where step = 'drop'`)[0].failures, 9);
    done = true;
    await reader;
  });
  assert.ok(longest < 400, `a reader waited for ${longest} ms`);
  for (const [n, pause] of pauses.entries()) {
    assert.ok(Math.abs(pause - Math.min(10 * 2 ** n, 900)) < 5, `${pause} s after ${n + 1} failures`);
  }
  await retry(sql);
  await tidyUp(sql);
  assert.equal(await ticks(sql), 2);
});

Deno.test("a change is refused that keeps a summary for less time than its ticks, or a table without days for a limited time", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const change = (table: string, days: number | null) =>
    sql`update websocket.retention set keep = make_interval(days => ${days}::int) where table_name = ${table}`;
  await assert.rejects(
    () => change("order_book_data", 91),
    { message: "order_book_1s must be kept for as long as order_book_data, which it is computed from" },
  );
  await assert.rejects(() => change("order_book_1m", 6), { hint: "Add: order_book_1m 7d" });
  await assert.rejects(() => change("order_book_data", null), { hint: "Add: order_book_1s all" });
  await assert.rejects(() => change("kline_data", 7), /kline_data keeps all: it has no partition a day/);
  await assert.rejects(() => change("order_book_data", 0), { code: "23514" });
});

/** A database of the schema before the retention was in it, with days of ticks. */
async function formerDatabase(days: number) {
  const database = await emptyDatabase();
  const { sql } = database;
  const names = (await Array.fromAsync(Deno.readDir(new URL("../migrations/", import.meta.url))))
    .map(({ name }) => name).filter((name) => /^000[1-8]_/.test(name)).sort();
  for (const name of ["setup.sql", ...names]) {
    await sql.unsafe(await Deno.readTextFile(new URL(`../migrations/${name}`, import.meta.url)));
  }
  await sql`insert into websocket.migrations select n, 'former' from generate_series(1, 8) as n`;
  await sql`select websocket.make_partitions(${days})`;
  await insert(sql, Array.from({ length: days }, (_, n) => tick(Date.now() - n * DAY)));
  return database;
}

const kept = async (sql: Sql) =>
  Object.fromEntries(
    (await sql`select table_name, keep::text from websocket.retention where table_name like 'order%'`)
      .map(({ table_name, keep }) => [table_name, keep]),
  );

Deno.test("an upgrade keeps what the environment said, or more if more is stored: it drops no day", async () => {
  {
    await using database = await formerDatabase(20);
    const { sql } = database;
    await migrate(sql, schema, silent, { book_retention_days: "31", rollup_retention_days: "10" });
    assert.deepEqual(await kept(sql), {
      order_book_data: "31 days",
      order_book_1s: "31 days",
      order_book_1m: "31 days",
    });
  }
  {
    await using database = await formerDatabase(20);
    const { sql } = database;
    await migrate(sql, schema, silent);
    assert.deepEqual(await kept(sql), { order_book_data: null, order_book_1s: null, order_book_1m: null });
    await tidyUp(sql);
    assert.equal(await ticks(sql), 20);
  }
});

Deno.test("how long a table keeps its rows is a row that migrate makes and later migrations do not change", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const usual = { order_book_data: "7 days", order_book_1s: "90 days", order_book_1m: "90 days" };
  assert.deepEqual(await kept(sql), usual);
  await migrate(sql, schema, silent, { book_retention_days: "1" });
  assert.deepEqual(await kept(sql), usual);
});
