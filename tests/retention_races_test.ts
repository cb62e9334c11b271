import assert from "node:assert/strict";
import { connect, type Sql } from "../shared/postgres/mod.ts";
import { silent } from "./silent.ts";
import { testDatabase } from "./stack.ts";
import { DAY, insert, keep, partitionDays, retry, setClock, store, tick, tidyUp } from "./ticks.ts";
import { until } from "./until.ts";

const today = Date.parse("2127-08-10T12:00:00Z");

/** A database with a tick on each of five days, all but today's and yesterday's outlived and not dropped yet. */
async function outlivedDays() {
  const database = await testDatabase();
  const { sql } = database;
  await setClock(sql, today);
  await keep(sql, 0);
  await insert(sql, Array.from({ length: 5 }, (_, n) => tick(today - n * DAY)));
  await tidyUp(sql);
  await keep(sql, 1);
  return database;
}

const past = async (sql: Sql) =>
  (await partitionDays(sql)).filter((day) => day > "2127" && day <= "21270810");
const isThere = async (sql: Sql, table: string) =>
  (await sql`select to_regclass(${`websocket.${table}`}) is not null as there`)[0].there;

Deno.test("a detached day is kept even if a partition of another name has taken its place, and so is that one", async () => {
  await using database = await outlivedDays();
  const { sql } = database;
  await sql.unsafe(`
    alter table websocket.order_book_data detach partition websocket.order_book_data_21270806;
    create table websocket.packed_21270806 partition of websocket.order_book_data
      for values from ('2127-08-06Z') to ('2127-08-07Z')`);
  await tidyUp(sql);
  assert.deepEqual(await past(sql), ["21270809", "21270810"]);
  assert.ok(await isThere(sql, "order_book_data_21270806"));
  assert.ok(await isThere(sql, "packed_21270806"));
});

Deno.test("of days that are to be dropped, one that is detached meanwhile is kept, and so is one that is needed", async () => {
  await using database = await outlivedDays();
  const { sql } = database;
  await sql`alter table websocket.order_book_data detach partition websocket.order_book_data_21270806`;
  await store(sql, [tick(today - 2 * DAY)]);
  const [{ dropped }] = await sql`
    select array_to_string(websocket.drop_days('order_book_data',
      array['2127-08-06', '2127-08-07', '2127-08-08', '2127-08-09']::date[]), ' ') as dropped`;
  assert.equal(dropped, "2127-08-07");
  assert.ok(await isThere(sql, "order_book_data_21270806"));
});

Deno.test("after the owner chose to keep all, no day is dropped by work that is already running", async () => {
  await using database = await outlivedDays();
  const { sql } = database;
  let work: Promise<unknown> | undefined;
  await sql.begin(async (owner) => {
    await owner`lock table websocket.order_book_data in row exclusive mode`;
    await keep(owner as unknown as Sql, 0);
    work = sql`select websocket.tidy_up()`.execute();
    await until("the work to wait", async () =>
      (await sql`
        select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`)
        .length > 0);
  });
  await work;
  assert.equal((await past(sql)).length, 5);
});

Deno.test("a lock that any user may take delays neither the dropping of days nor the rollup", async () => {
  await using database = await outlivedDays();
  const { sql, config } = database;
  const other = connect(config, silent);
  for (const table of ["retention", "stale_seconds", "dropped_days"]) {
    await other`select pg_advisory_lock(${`websocket.${table}`}::regclass::oid::bigint)`;
  }
  await store(sql, [tick(today)]);
  assert.equal((await sql`select websocket.refresh_rollup('order_book_data', '0') as seconds`)[0].seconds, 1);
  assert.match((await tidyUp(sql)).join(), /dropped/);
  await other.end();
});

Deno.test("of simultaneous callers each does some of the work, and none fails", async () => {
  await using database = await outlivedDays();
  const { sql } = database;
  await store(sql, [tick(today)]);
  await Promise.all(
    Array.from(
      { length: 4 },
      () => [sql`select websocket.refresh_rollup('order_book_data', '0')`, tidyUp(sql)],
    ).flat(),
  );
  await until("the days to be dropped", async () => {
    await retry(sql);
    await tidyUp(sql);
    return (await past(sql)).join() === "21270809,21270810";
  });
});
