import assert from "node:assert/strict";
import { refresh, rollup } from "./rollup.ts";
import { testDatabase } from "./stack.ts";
import { insert, store, tick } from "./ticks.ts";

Deno.test("a second is not rolled up while it gets ticks, but half a second later", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const refreshed = async () =>
    (await sql`select websocket.refresh_rollup('order_book_data') as seconds`)[0].seconds;
  await store(sql, [tick("2026-08-10T12:00:00Z")]);
  assert.equal(await refreshed(), 0);
  await sql`update websocket.stale_seconds set marked_at = marked_at - interval '500 ms'`;
  assert.equal(await refreshed(), 1);
});

Deno.test("ticks of a transaction that ends after the refresh began are in the next one", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await store(sql, [tick("2026-08-10T12:00:00Z")]);
  const written = Promise.withResolvers<void>();
  const refreshed = Promise.withResolvers<void>();
  const slow = sql.begin(async (transaction) => {
    await insert(transaction, [tick("2026-08-10T12:00:00.5Z")]);
    await transaction`insert into websocket.stale_seconds (second) values ('2026-08-10T12:00:00Z')`;
    written.resolve();
    await refreshed.promise;
  });
  await written.promise;
  await refresh(sql);
  refreshed.resolve();
  await slow;
  assert.equal((await rollup(sql))[0].ticks, "1");
  await refresh(sql);
  assert.equal((await rollup(sql))[0].ticks, "2");
});

Deno.test("a mark of a clock that was ahead does not delay the rollup until that time", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await store(sql, [tick("2026-08-10T12:00:00Z")]);
  await sql`update websocket.stale_seconds set marked_at = marked_at + interval '1 month'`;
  assert.equal((await sql`select websocket.refresh_rollup('order_book_data') as seconds`)[0].seconds, 1);
});

Deno.test("a mark within a second means the whole second, and a mark at infinity stops nothing", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await insert(sql, [tick("2026-08-10T12:00:00.2Z"), tick("2026-08-10T12:00:00.8Z")]);
  for (const mark of ["2026-08-10 12:00:00.5Z", "294276-12-31 23:59:59.5Z", "-infinity", "infinity"]) {
    await sql`insert into websocket.stale_seconds (second) values (${mark}::text::timestamptz)`;
  }
  await refresh(sql);
  assert.deepEqual((await rollup(sql)).map(({ ticks }) => ticks), ["2"]);
});
