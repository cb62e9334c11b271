import assert from "node:assert/strict";
import { migrate } from "../migrations/run.ts";
import type { Config } from "../shared/config.ts";
import { book } from "../shared/streams/book.ts";
import { emptyDatabase, silent, testDatabase } from "./stack.ts";
import { DAY, drop, insert, make, partitionDays, setClock, store, tick, whereabouts } from "./ticks.ts";

/** Does a chore until it gets its locks, as the consumers do. */
async function patiently(chore: () => Promise<number>): Promise<void> {
  for (;;) {
    try {
      await chore();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== "55P03") throw error;
    }
  }
}

Deno.test("a tick that no partition covers waits in the default one until its day is made", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T12:00:00Z");
  await insert(sql, [tick("2026-08-09T23:59:59.999Z")]);
  assert.deepEqual(await whereabouts(sql), { order_book_data_default: 1 });

  await make(sql, 7);
  assert.deepEqual(await whereabouts(sql), { order_book_data_20260809: 1 });
});

Deno.test("days are made from now − retention to now + 2, and only once", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2128-02-27T00:00:00Z");
  const before = new Set(await partitionDays(sql));
  await make(sql, 3);
  assert.deepEqual(
    (await partitionDays(sql)).filter((day) => !before.has(day)),
    ["21280224", "21280225", "21280226", "21280227", "21280228", "21280229"],
  );
  assert.equal(await make(sql, 3), 0);
});

Deno.test("days begin and end at midnight UTC, whatever time zone the session has", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T23:59:59.999Z");
  await sql.begin(async (transaction) => {
    await transaction`set local timezone = 'Pacific/Auckland'`;
    await transaction`select websocket.make_partitions(7)`;
  });
  await insert(sql, [
    tick("2026-08-10T00:00:00.000Z"),
    tick("2026-08-10T23:59:59.999Z"),
    tick("2026-08-11T00:00:00Z"),
  ]);
  assert.deepEqual(await whereabouts(sql), { order_book_data_20260810: 2, order_book_data_20260811: 1 });
});

Deno.test("a late tick for yesterday lies in yesterday's partition", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T00:00:01Z");
  await make(sql, 7);
  await insert(sql, [tick("2026-08-09T23:59:59.990Z", { receivedAt: Date.parse("2026-08-10T00:00:01Z") })]);
  assert.deepEqual(await whereabouts(sql), { order_book_data_20260809: 1 });
});

Deno.test("ticks dated 1970 and 2099 are kept where they are; only those older than the retention ever go", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T12:00:00Z");
  await insert(sql, [tick("1970-01-01T00:00:01Z"), tick("2099-01-01T00:00:00Z")]);
  await make(sql, 7);
  assert.deepEqual(await whereabouts(sql), { order_book_data_default: 2 });

  await drop(sql, 7);
  const [{ year }] =
    await sql`select extract(year from transaction_time)::int as year from websocket.order_book_data`;
  assert.equal(year, 2099);
});

Deno.test("with retention 0 every past day with ticks gets a partition, and none is dropped", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T12:00:00Z");
  await insert(sql, [
    tick("1970-01-01T00:00:01Z"),
    tick("2024-08-08T23:54:16Z"),
    tick("2099-01-01T00:00:00Z"),
  ]);
  await make(sql, 0);
  assert.equal(await drop(sql, 0), 0);
  assert.deepEqual(await whereabouts(sql), {
    order_book_data_19700101: 1,
    order_book_data_20240808: 1,
    order_book_data_default: 1,
  });
});

Deno.test("a tick older than the retention is told by the stream, by the database's clock and in whole days", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T12:00:00Z");
  const since = (bookRetentionDays: number) =>
    book.table.expires!.since(sql, { bookRetentionDays } as Config);
  assert.equal(await since(7), Date.parse("2026-08-03T00:00:00Z"));
  assert.equal(await since(0), -Infinity);
});

Deno.test("partitions and strays older than the retention are dropped, younger ones kept", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-03T12:00:00Z");
  await make(sql, 7);
  await insert(sql, [
    tick("2026-07-01T12:00:00Z"),
    tick("2026-08-02T23:59:59.999Z"),
    tick("2026-08-03T00:00:00Z"),
  ]);
  await setClock(sql, "2026-08-10T00:00:00Z");
  await drop(sql, 7);
  assert.deepEqual(await whereabouts(sql), { order_book_data_20260803: 1 });
  assert.equal((await partitionDays(sql))[0], "20260803");
});

Deno.test("a clock that was a month behind or ahead loses no tick of the days it should keep", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const today = tick("2026-08-10T12:00:00Z");
  await setClock(sql, "2026-07-10T12:00:00Z");
  await make(sql, 7);
  await insert(sql, [today]);
  await drop(sql, 7);
  assert.deepEqual(await whereabouts(sql), { order_book_data_default: 1 });

  await setClock(sql, "2026-08-10T12:00:01Z");
  await make(sql, 7);
  await drop(sql, 7);
  assert.deepEqual(await whereabouts(sql), { order_book_data_20260810: 1 });

  await setClock(sql, "2026-08-17T23:00:00Z");
  await drop(sql, 7);
  assert.deepEqual(await whereabouts(sql), { order_book_data_20260810: 1 });
});

Deno.test("many consumers that make and drop the same days at once make and drop each once", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2127-01-01T12:00:00Z");
  const made = await Promise.all(Array.from({ length: 8 }, () => make(sql, 1)));
  // Four days of ticks and three of each rollup.
  assert.deepEqual(made.filter((count) => count > 0), [10]);

  await setClock(sql, "2127-01-04T12:00:00Z");
  const dropped = await Promise.all(Array.from({ length: 8 }, () => drop(sql, 1)));
  assert.equal(dropped.filter((count) => count > 0).length, 1);
});

Deno.test("ticks that are written while their days are made and dropped are neither refused nor lost", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const start = Date.parse("2127-03-01T00:00:00Z");
  await setClock(sql, start);
  let written = 0;
  let done = false;
  const write = async () => {
    while (!done) {
      // Two of three are strays when they are written, and their day is made a moment later.
      const batch = Array.from(
        { length: 30 },
        (_, i) => tick(start + (i % 6) * DAY, { updateId: written + i }),
      );
      written += batch.length;
      await store(sql, batch);
    }
  };
  const writers = [write(), write(), write()];
  for (let day = 0; day < 6; day++) {
    await setClock(sql, start + day * DAY);
    await patiently(() => make(sql, 30));
    await patiently(() => drop(sql, 30));
  }
  done = true;
  await Promise.all(writers);
  assert.equal((await sql`select count(*)::int as ticks from websocket.order_book_data`)[0].ticks, written);
  assert.equal((await whereabouts(sql)).order_book_data_default, undefined);
});

Deno.test("a writer that holds a stray makes the maker give way, not itself", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2127-05-01T12:00:00Z");
  await sql.begin(async (transaction) => {
    await insert(transaction, [tick("2127-05-01T11:00:00Z")]);
    await assert.rejects(make(sql, 7), { code: "55P03" });
    await insert(transaction, [tick("2127-05-01T11:30:00Z")]);
  });
  await make(sql, 7);
  assert.deepEqual(await whereabouts(sql), { order_book_data_21270501: 2 });
});

Deno.test("a database of the first schema keeps its ticks, gets their days and their rollup", async () => {
  await using database = await emptyDatabase();
  const { sql } = database;
  for (const name of ["setup", "0001_kline", "0002_book"]) {
    await sql.unsafe(await Deno.readTextFile(new URL(`../migrations/${name}.sql`, import.meta.url)));
  }
  await sql`insert into websocket.migrations (number, name) values (1, '0001_kline.sql'), (2, '0002_book.sql')`;
  const yesterday = Date.now() - DAY;
  await insert(sql, [tick("2024-08-08T23:54:16Z"), tick(yesterday), tick("2099-01-01T00:00:00Z")]);

  await migrate(sql, silent);
  await sql`select websocket.refresh_rollup('0')`;
  assert.deepEqual(Object.values(await whereabouts(sql)), [1, 1, 1]);
  assert.equal((await whereabouts(sql)).order_book_data_20240808, 1);
  assert.equal((await sql`select count(*)::int as seconds from websocket.order_book_1s`)[0].seconds, 3);
});
