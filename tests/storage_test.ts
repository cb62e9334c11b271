import assert from "node:assert/strict";
import { keptSince } from "../consumers/postgres/run_jobs.ts";
import { migrate } from "../migrations/run.ts";
import { silent } from "./silent.ts";
import { emptyDatabase, schema, testDatabase } from "./stack.ts";
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

Deno.test("a tick that no partition covers waits in the default one until its day is made", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T12:00:00Z");
  await insert(sql, [tick("2026-08-09T23:59:59.999Z")]);
  assert.deepEqual(await whereabouts(sql), { order_book_data_default: 1 });

  await tidyUp(sql);
  assert.deepEqual(await whereabouts(sql), { order_book_data_20260809: 1 });
});

Deno.test("days are made from now − retention to now + 2, and only once", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2128-02-27T00:00:00Z");
  await keep(sql, 3);
  const before = new Set(await partitionDays(sql));
  await tidyUp(sql);
  assert.deepEqual(
    (await partitionDays(sql)).filter((day) => !before.has(day)),
    ["21280224", "21280225", "21280226", "21280227", "21280228", "21280229"],
  );
  assert.deepEqual(await tidyUp(sql), []);
});

Deno.test("days begin and end at midnight UTC, whatever time zone the session has", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T23:59:59.999Z");
  await sql.begin(async (transaction) => {
    await transaction`set local timezone = 'Pacific/Auckland'`;
    while ((await transaction`select * from websocket.tidy_up()`)[0].done);
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
  await tidyUp(sql);
  await insert(sql, [tick("2026-08-09T23:59:59.990Z", { receivedAt: Date.parse("2026-08-10T00:00:01Z") })]);
  assert.deepEqual(await whereabouts(sql), { order_book_data_20260809: 1 });
});

Deno.test("if all is kept, every past day with ticks gets a partition, and none is dropped", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2026-08-10T12:00:00Z");
  await keep(sql, 0);
  await insert(sql, [
    tick("1970-01-01T00:00:01Z"),
    tick("2024-08-08T23:54:16Z"),
    tick("2026-08-10T00:00:00Z"),
    tick("2099-01-01T00:00:00Z"),
  ]);
  await tidyUp(sql);
  assert.deepEqual(await whereabouts(sql), {
    order_book_data_19700101: 1,
    order_book_data_20240808: 1,
    order_book_data_20260810: 1,
    order_book_data_default: 1,
  });
});

Deno.test("a tick older than the retention, in whole days, is found by the stream when there are rows of now", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const since = () => keptSince(sql, schema, "order_book_data");
  await setClock(sql, "2026-08-10T12:00:00Z");
  assert.equal(await since(), -Infinity);
  await insert(sql, [tick("2026-08-10T11:00:00Z")]);
  assert.equal(await since(), Date.parse("2026-08-03T00:00:00Z"));
  await keep(sql, 0);
  assert.equal(await since(), -Infinity);
});

Deno.test("many consumers that make and drop the same days at once make and drop each once", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const sum = (all: string[][], pattern: RegExp) =>
    all.flat().reduce((sum, words) => sum + Number(pattern.exec(words)?.[1] ?? 0), 0);
  const together = () => Promise.all(Array.from({ length: 8 }, () => tidyUp(sql)));
  await keep(sql, 1);
  await setClock(sql, "2127-01-01T12:00:00Z");
  await together();
  // A caller that came while another one worked has left the rest to that one.
  const made = (await partitionDays(sql)).filter((day) => day >= "21270101").length;
  await tidyUp(sql);
  assert.ok(made > 0);
  assert.deepEqual(
    (await partitionDays(sql)).filter((day) => day >= "2126"),
    ["21261231", "21270101", "21270102", "21270103"],
  );

  await insert(sql, [tick("2127-01-04T12:00:00Z")]);
  await setClock(sql, "2127-01-04T12:00:00Z");
  const before = await partitionDays(sql);
  const all = [...await together(), await tidyUp(sql)];
  const after = new Set(await partitionDays(sql));
  assert.equal(
    sum(all, /dropped (\d+) days of order_book_data,/),
    before.filter((day) => !after.has(day)).length,
  );
});

Deno.test("if a writer holds a stray row, the making of days gives way, not the writer", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2127-05-01T12:00:00Z");
  await sql.begin(async (transaction) => {
    await insert(transaction, [tick("2127-05-01T11:00:00Z")]);
    await tidyUp(sql);
    await insert(transaction, [tick("2127-05-01T11:30:00Z")]);
  });
  await retry(sql);
  await tidyUp(sql);
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

  await migrate(sql, schema, silent);
  await tidyUp(sql);
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  assert.deepEqual(Object.values(await whereabouts(sql)), [1, 1, 1]);
  assert.equal((await whereabouts(sql)).order_book_data_20240808, 1);
  assert.equal((await sql`select count(*)::int as seconds from websocket.order_book_1s`)[0].seconds, 3);
});

Deno.test("ticks that are written while their days are made are never refused, lost or doubled, for any reader", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const start = Date.parse("2127-03-01T00:00:00Z");
  await setClock(sql, start);
  await keep(sql, 30, 90);
  let written = 0;
  let stored = 0;
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
      stored += batch.length;
    }
  };
  const read = async () => {
    while (!done) {
      const least = stored;
      const [{ ticks }] = await sql`select count(*)::int as ticks from websocket.order_book_data`;
      assert.ok(least <= ticks && ticks <= written, `${ticks} ticks instead of ${least} to ${written}`);
    }
  };
  const others = [write(), write(), write(), read(), read()];
  let moves = 0;
  for (let day = 0; day < 6; day++) {
    await setClock(sql, start + day * DAY);
    // A writer that is in the way has the step postponed.
    for (let isMissing = true; isMissing;) {
      await retry(sql);
      moves += (await tidyUp(sql)).filter((words) => words.startsWith("moved")).length;
      const [{ missing }] = await sql`
        select count(*)::int as missing from websocket.missing_days('order_book_data', 'transaction_time')`;
      isMissing = missing > 0;
    }
  }
  done = true;
  await Promise.all(others);
  assert.ok(moves > 0);
  assert.equal((await sql`select count(*)::int as ticks from websocket.order_book_data`)[0].ticks, written);
  assert.equal((await whereabouts(sql)).order_book_data_default, undefined);
});
