import assert from "node:assert/strict";
import { startPostgres } from "../local/postgres.ts";
import { migrate } from "../migrations/run.ts";
import { parseDatabaseUrl } from "../shared/postgres/url.ts";
import { connect, type Sql } from "../shared/postgres/mod.ts";
import { sleep } from "../shared/wait.ts";
import { queriesIn, readDocuments } from "./documents.ts";
import { ownFolder } from "./servers.ts";
import { silent } from "./silent.ts";
import { schema, testDatabase } from "./stack.ts";
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
const count = async (sql: Sql) =>
  (await sql`select count(*)::int as ticks from websocket.order_book_data`)[0].ticks;

/** Moves waiting rows to the end. A vacuum that runs is a transaction that a move waits for. */
async function moved(sql: Sql): Promise<void> {
  while (!(await tidyUp(sql)).some((step) => step.startsWith("moved"))) await retry(sql);
}

/** A database that has no partition of today, and so many ticks of today. */
async function stuckDay(ticks: number) {
  const database = await testDatabase();
  const { sql } = database;
  await setClock(sql, today);
  await sql`
    insert into websocket.order_book_data
      (symbol, update_id, transaction_time, event_time, received_at, bid_price, bid_qty, ask_price, ask_qty)
    select 'ETHUSDT', n, at, at, at, 1, 1, 2, 1
    from generate_series(1, ${ticks}) as n, lateral (select ${new Date(
    today,
  )} + n * interval '1 ms' as at) as time`;
  return database;
}

Deno.test("a stuck day moves in slices: no writer waits for it, no reader sees a tick twice or not at all", async () => {
  const ticks = 150_000;
  await using database = await stuckDay(ticks);
  const { sql } = database;
  let written = 0;
  let longest = 0;
  let done = false;
  const write = async () => {
    while (!done) {
      const since = performance.now();
      await insert(sql, [tick(today + written)]);
      longest = Math.max(longest, performance.now() - since);
      written++;
    }
  };
  const read = async () => {
    while (!done) {
      const least = ticks + written;
      const seen = await count(sql);
      assert.ok(least <= seen && seen <= ticks + written + 1, `${seen} ticks instead of ${least}`);
      await sleep(100);
    }
  };
  const others = [write(), read()];
  const steps: string[] = [];
  while (!steps.some((step) => step.startsWith("moved"))) {
    await retry(sql);
    steps.push(...await tidyUp(sql));
  }
  done = true;
  await Promise.all(others);
  assert.ok(steps.filter((step) => step.startsWith("copied")).length >= 2, steps.join());
  assert.ok(longest < 1_000, `a writer waited for ${longest} ms`);
  assert.deepEqual(await whereabouts(sql), { order_book_data_21270810: ticks + written });
});

Deno.test("a reader whose snapshot is older than a move sees every tick once, and the move waits for it", async () => {
  await using database = await stuckDay(1_000);
  const { sql } = database;
  await sql.begin("isolation level repeatable read", async (reader) => {
    await reader`select from websocket.gap_data`; // takes the snapshot
    await tidyUp(sql);
    assert.equal((await reader`select from websocket.order_book_data`).length, 1_000);
  });
  await retry(sql);
  await tidyUp(sql);
  assert.deepEqual(await whereabouts(sql), { order_book_data_21270810: 1_000 });
});

Deno.test("rows of a summary that change while they move arrive in their last state", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const refresh = async () => {
    while ((await sql`select websocket.refresh_rollup('order_book_data', '0') as seconds`)[0].seconds > 0);
  };
  const step = async () => (await sql`select done from websocket.tidy_up()`)[0].done as string;
  await setClock(sql, today);
  await store(sql, [tick(today)]);
  await refresh();
  while (!(await step()).startsWith("copied 1 of 1 pages of order_book_1s"));
  await store(sql, [tick(today + 1)]);
  await refresh();
  await tidyUp(sql);
  const seconds =
    await sql`select tableoid::regclass::text as partition, ticks::int from websocket.order_book_1s`;
  assert.deepEqual([...seconds], [{ partition: "websocket.order_book_1s_21270810", ticks: 2 }]);
});

Deno.test("pages that changed since the copying began, as after VACUUM FULL, are copied again", async () => {
  await using database = await stuckDay(1_000);
  const { sql } = database;
  const step = async () => (await sql`select done from websocket.tidy_up()`)[0].done as string;
  while (!(await step()).startsWith("copied"));
  await sql`vacuum full websocket.order_book_data_default`;
  await insert(sql, [tick(today)]);
  await moved(sql);
  assert.deepEqual(await whereabouts(sql), { order_book_data_21270810: 1_001 });
});

Deno.test("a column that a user adds while rows move restarts the move, and the rows arrive", async () => {
  await using database = await stuckDay(1_000);
  const { sql } = database;
  const step = async () => (await sql`select done from websocket.tidy_up()`)[0].done as string;
  while (!(await step()).startsWith("copied"));
  await sql`alter table websocket.order_book_data add column note text not null default 'mine'`;
  await insert(sql, [tick(today)]);
  await moved(sql);
  assert.deepEqual(await whereabouts(sql), { order_book_data_21270810: 1_001 });
});

Deno.test("tomorrow's missing partition is reported, with the reason why it can't be made", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const trouble = async () => (await sql`select trouble from websocket.tidy_up()`)[0].trouble;
  await setClock(sql, today);
  await tidyUp(sql);
  await setClock(sql, today + 2 * DAY);
  await sql.begin(async (reader) => {
    await reader`select from websocket.order_book_data`;
    await tidyUp(sql);
    assert.match(
      await trouble(),
      /^order_book_data has no partition for 2127-08-13: canceling statement due to lock timeout$/,
    );
  });
  await retry(sql);
  await tidyUp(sql);
  assert.equal(await trouble(), null);
});

Deno.test("120 days are cut to 7, and as many are made, even if a transaction has room for only a few locks", async () => {
  await using folder = await ownFolder("postgres");
  const settings = { max_locks_per_transaction: "10", max_connections: "20", fsync: "off" };
  await using server = await startPostgres({ folder: folder.path, settings });
  const sql = connect(parseDatabaseUrl(server.url), silent, 4);
  await migrate(sql, schema, silent);
  await setClock(sql, today);
  await keep(sql, 0);
  for (let n = 0; n < 120; n += 10) {
    await insert(sql, Array.from({ length: 10 }, (_, i) => tick(today - (n + i) * DAY)));
    await tidyUp(sql);
  }
  const past = async () =>
    (await partitionDays(sql)).filter((day) => day >= "2127" && day <= "21270810").length;
  assert.equal(await past(), 120);
  await keep(sql, 7);
  const steps = (await tidyUp(sql)).filter((step) => step.includes("order_book_data"));
  assert.equal(await past(), 8);
  assert.match(steps[0], /^dropped \d+ days of order_book_data, \d+ are left to drop$/);
  assert.ok(steps.length > 112 / 30, steps.join("\n"));
  await sql.end({ timeout: 1 });
});

Deno.test("the documents' queries lock the days that they read, however many there are", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await tidyUp(sql);
  for (let ahead = 4; ahead <= 20; ahead += 4) {
    await setClock(sql, Date.now() - ahead * 10 * DAY);
    await tidyUp(sql);
  }
  // The view of symbols reads one row of each day.
  const queries = (await readDocuments()).flatMap(queriesIn).filter((query) =>
    !query.includes("websocket.symbols")
  );
  assert.ok(queries.some((query) => query.includes("order_book_data")));
  for (const query of queries) {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(query);
      const locked = await transaction<{ parent: string; tables: number }[]>`
        select inhparent::regclass::text as parent, count(*)::int as tables
        from pg_locks join pg_class on pg_class.oid = relation join pg_inherits on inhrelid = relation
        where pid = pg_backend_pid() and relispartition and relkind = 'r' group by inhparent`;
      // Yesterday, today, two days ahead and the default partition.
      for (const { parent, tables } of locked) {
        assert.ok(tables <= 5, `${tables} partitions of ${parent} are locked by ${query}`);
      }
    });
  }
});
