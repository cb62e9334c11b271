import assert from "node:assert/strict";
import { jobsOf } from "../consumers/postgres/jobs.ts";
import type { Sql, TransactionSql } from "../shared/postgres/mod.ts";
import { book } from "../shared/streams/book.ts";
import { schema, testDatabase } from "./stack.ts";
import { DAY, keep, partitionDays, setClock, store, tick, tidyUp, whereabouts } from "./ticks.ts";

Deno.test("if no day is dropped, no job keeps a reader waiting, not even of a past day", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const run = async (sql: Sql | TransactionSql) => {
    for (const { statement } of jobsOf(book, schema)) await sql.unsafe(statement);
  };
  await setClock(sql, "2127-06-10T12:00:00Z");
  await tidyUp(sql);
  await store(sql, [tick("2127-06-10T12:00:00Z")]);
  await setClock(sql, "2127-06-11T12:00:00Z");
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  await tidyUp(sql);
  await sql.begin(async (jobs) => {
    for (let round = 0; round < 20; round++) await run(jobs);
    await sql.begin(async (reader) => {
      await reader`set local lock_timeout = '1s'`;
      await reader`set local enable_seqscan = off`;
      assert.equal((await reader`select from websocket.order_book_data where symbol = 'BTCUSDT'`).length, 1);
    });
  });
});

Deno.test("a day that a user has detached is not made again, not dropped, and stops no other day", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await setClock(sql, "2127-06-10T12:00:00Z");
  await keep(sql, 1);
  await tidyUp(sql);
  await store(sql, [tick("2127-06-10T12:00:00Z")]);
  await sql`alter table websocket.order_book_data detach partition websocket.order_book_data_21270610`;
  await store(sql, [tick("2127-06-10T13:00:00Z")]);

  await setClock(sql, "2127-06-11T12:00:00Z");
  await tidyUp(sql);
  assert.equal((await partitionDays(sql)).includes("21270613"), true);
  await setClock(sql, "2127-06-20T12:00:00Z");
  await store(sql, [tick("2127-06-20T12:00:00Z")]);
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  await tidyUp(sql);
  assert.deepEqual(await whereabouts(sql), { order_book_data_21270620: 1 });
  const [{ kept }] = await sql`select count(*)::int as kept from websocket.order_book_data_21270610`;
  assert.equal(kept, 1);
});

Deno.test("50 days go by with a week of ticks and a month of rollup kept, and the disk's use stays flat", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const start = Date.parse("2127-01-01T00:00:00Z");
  const ticksADay = 2;
  await keep(sql, 7, 30);
  const sizes: number[] = [];
  for (let day = 0; day < 50; day++) {
    const now = start + day * DAY;
    await setClock(sql, now + DAY / 2);
    await store(sql, Array.from({ length: ticksADay }, (_, i) => tick(now + i * DAY / ticksADay)));
    await sql`select websocket.refresh_rollup('order_book_data', '0')`;
    await tidyUp(sql);
    const [{ bytes }] = await sql`
      select sum(pg_total_relation_size(relid))::int as bytes
      from websocket.daily_tables, pg_partition_tree(('websocket.' || parent)::regclass) where isleaf`;
    sizes.push(bytes);
  }
  const days = await partitionDays(sql);
  assert.equal(days.filter((day) => day >= "21270101").length, 10);
  assert.equal((await partitionDays(sql, "order_book_1s")).filter((day) => day >= "21270101").length, 33);
  assert.equal(
    (await sql`select count(*)::int as ticks from websocket.order_book_data`)[0].ticks,
    8 * ticksADay,
  );
  const settled = sizes.slice(31);
  assert.equal(Math.max(...settled), Math.min(...settled));
});
