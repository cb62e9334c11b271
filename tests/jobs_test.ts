import assert from "node:assert/strict";
import { type Job, jobsOf } from "../consumers/postgres/jobs.ts";
import { startJobs } from "../consumers/postgres/run_jobs.ts";
import { book } from "../shared/streams/book.ts";
import { kline } from "../shared/streams/kline.ts";
import { silent } from "./silent.ts";
import { schema, type TestDatabase, testDatabase } from "./stack.ts";
import { setClock, store, tick, tidyUp } from "./ticks.ts";
import { until } from "./until.ts";

const HOUR = 3_600_000;

const retry = { signal: new AbortController().signal, log: silent, kind: "database" as const };

/** A job that takes one row of `public.work` a round, and has an hour until its next. */
const job: Job = {
  name: "work",
  everyMs: HOUR,
  statement: `
    with taken as (delete from public.work where n = (select min(n) from public.work) returning n)
    select (select n from taken) as done`,
};

async function workFor({ sql }: TestDatabase, rounds: number): Promise<() => Promise<number>> {
  await sql`create table public.work as select n from generate_series(1, ${rounds}) as n`;
  return async () => (await sql`select count(*)::int as left from public.work`)[0].left;
}

const startBooks = (database: TestDatabase) =>
  startJobs(book, jobsOf(book, schema), database.config, silent, retry, () => false);

Deno.test("a job that has more to do goes on at once", async () => {
  await using database = await testDatabase();
  const left = await workFor(database, 20);
  await using _ = await startJobs(kline, [job], database.config, silent, retry, () => false);
  await until("all rounds", async () => await left() === 0);
});

Deno.test("while rows wait to be written a job keeps to its pace", async () => {
  await using database = await testDatabase();
  const left = await workFor(database, 20);
  let asked = 0;
  await using _ = await startJobs(kline, [job], database.config, silent, retry, () => ++asked > 0);
  await until("a round's end", () => asked > 0);
  assert.equal(await left(), 19);
});

Deno.test("after a lock that it waited for the rollup continues without a pause, and is current soon after the lock's end", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const stale = async () => (await sql`select count(*)::int as count from websocket.stale_seconds`)[0].count;
  const isWaiting = async () =>
    (await sql`
      select from pg_locks
      where not granted and relation = 'websocket.order_book_1s'::regclass
        and pid in (select pid from pg_stat_activity where datname = current_database())`).length > 0;
  let since = 0;
  await using stack = new AsyncDisposableStack();
  await sql.begin(async (holder) => {
    await holder`lock table websocket.order_book_1s in exclusive mode`;
    stack.use(await startBooks(database));
    await store(sql, [tick(Date.now())]);
    // The rollup waits again and again, as it does in an outage of many seconds.
    since = performance.now();
    await until(
      "the rollup to have waited",
      async () => await isWaiting() && performance.now() - since > 4_000,
    );
  });
  since = performance.now();
  // Not settled yet for a round that has waited until now.
  await store(sql, [tick(Date.now())]);
  await until("the rollup to be current", async () => await stale() === 0);
  // A rest would take seven times as long as it waited, 28 s.
  assert.ok(performance.now() - since < 25_000);
});

Deno.test("a worker whose table lacks tomorrow's partition is not ready, with the reason", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await tidyUp(sql);
  await setClock(sql, Date.now() + 5 * 24 * HOUR);
  await sql.begin(async (reader) => {
    await reader`select from websocket.order_book_data`;
    await using jobs = await startBooks(database);
    await until(
      "the consumer to tell",
      () => /order_book_data has no partition for/.test(jobs.stuck() ?? ""),
    );
  });
});
