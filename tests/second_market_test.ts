import assert from "node:assert/strict";
import { jobsOf } from "../consumers/postgres/jobs.ts";
import { keptSince, startJobs } from "../consumers/postgres/run_jobs.ts";
import { createSink } from "../consumers/postgres/sink.ts";
import { candle, ticks } from "../consumers/postgres/test_rows.ts";
import { belongingsOf, clear } from "../local/up/fresh.ts";
import { makeRoles } from "../migrations/roles.ts";
import { migrate } from "../migrations/run.ts";
import { readConfig } from "../shared/config/config.ts";
import { schemaOf } from "../shared/exchange/markets/mod.ts";
import { listStreams } from "../shared/list_streams.ts";
import { connect, type Sql } from "../shared/postgres/mod.ts";
import { schemaNumber } from "../shared/postgres/schema.ts";
import { tidyUp } from "../shared/postgres/tidy_up.ts";
import { book } from "../shared/streams/book.ts";
import { gap } from "../shared/streams/gap.ts";
import { kline } from "../shared/streams/kline.ts";
import { silent } from "./silent.ts";
import { emptyDatabase, schema, testKafka } from "./stack.ts";
import { DAY, tick } from "./ticks.ts";
import { until } from "./until.ts";

/** The schema of a market that does not exist. */
const other = schemaOf({ name: "elsewhere" });

/** A database with both schemas, made at once. */
async function bothSchemas() {
  const database = await emptyDatabase();
  await Promise.all(
    [schema, other, schema, other].map(async (name) => {
      const sql = connect(database.config, silent);
      await migrate(sql, name, silent);
      await sql.end({ timeout: 5 });
    }),
  );
  return database;
}

/** What is in a schema: relations, functions with what they do and how, and the migrations. */
async function inventory(sql: Sql, name: string): Promise<string[]> {
  const rows = await sql<{ words: string }[]>`
    select relkind::text || ' ' || relname as words from pg_class where relnamespace = ${name}::regnamespace
    union all select pg_get_functiondef(oid) from pg_proc where pronamespace = ${name}::regnamespace
    union all select pg_get_viewdef(oid) from pg_class where relnamespace = ${name}::regnamespace and relkind = 'v'
    union all select 'migration ' || number || name from ${sql(name)}.migrations`;
  return rows.map(({ words }) => words).sort();
}

const count = async (sql: Sql, name: string, table: string) =>
  (await sql`select count(*)::int as rows from ${sql(name)}.${sql(table)}`)[0].rows;

Deno.test("a schema whose name SQL does not take as it is is refused before anything is made", async () => {
  await using database = await emptyDatabase();
  for (const name of ["Websocket", "web-socket", 'web"socket', "1st", ""]) {
    await assert.rejects(migrate(database.sql, name, silent), RangeError);
  }
});

Deno.test("a second market's schema is the first one's under another name, and names the first nowhere", async () => {
  await using database = await bothSchemas();
  const { sql } = database;
  const [first, second] = [await inventory(sql, schema), await inventory(sql, other)];
  assert.ok(first.length > 60, `${first.length} objects`);
  assert.deepEqual(second.map((words) => words.replaceAll(other, schema)).sort(), first);
  assert.deepEqual(second.filter((words) => /\bwebsocket\b/.test(words)), []);
  assert.equal(await schemaNumber(sql, other), await schemaNumber(sql, schema));
});

Deno.test("the roles write and roll up each market's rows in its own tables, and read both", async () => {
  await using database = await bothSchemas();
  const { sql } = database;
  const passwords = { bookline_writer: crypto.randomUUID(), grafana_reader: crypto.randomUUID() };
  await Promise.all([schema, other].map((name) => makeRoles(sql, name, passwords, silent)));
  const as = (user: keyof typeof passwords, name: string) => ({
    ...{ ...database.config, schema: name, user, password: passwords[user] },
  });
  const now = Date.now();
  const [open, closed] = [candle({ close: "1" }), candle({ close: "2", isClosed: true })];
  const wanted = { [schema]: 2, [other]: 3 };
  for (const [name, amount] of Object.entries(wanted)) {
    const config = as("bookline_writer", name);
    await using books = createSink(book, config, silent);
    await using klines = createSink(kline, config, silent);
    await using gaps = createSink(gap, config, silent);
    for (const sink of [books, klines, gaps]) await sink.open();
    const rows = Array.from({ length: amount }, (_, i) => tick(now - 5_000 + i));
    assert.deepEqual(await books.write(() => rows), []);
    assert.deepEqual(await books.write(() => rows), [], "a second time, by way of the staging table");
    for (const row of [open, closed, open]) assert.deepEqual(await klines.write(() => [row]), []);
    const hole = gap.message.codec.decode(
      '{"stream":"kline","symbol":"BTCUSDT","startedAt":1,"endedAt":2,"reason":"restart","dropped":null}',
    );
    assert.deepEqual(await gaps.write(() => [hole]), []);

    await using _jobs = await startJobs(
      book,
      jobsOf(book, name),
      config,
      silent,
      { signal: AbortSignal.timeout(60_000), log: silent, kind: "database" },
      () => false,
    );
    await until(
      `the rollup of ${name}`,
      async () =>
        (await sql`select sum(ticks)::int as ticks from ${sql(name)}.order_book_1s`)[0].ticks === amount,
    );
  }
  for (const [name, amount] of Object.entries(wanted)) {
    const reader = connect(as("grafana_reader", name), silent);
    assert.equal(await count(reader, name, "order_book_data"), amount);
    assert.equal(await count(reader, name, "gap_data"), 1);
    const [kept, ...others] = await reader`select close, is_closed from ${reader(name)}.kline_data`;
    assert.deepEqual([kept.close, kept.is_closed, others.length], ["2", true, 0]);
    await assert.rejects(() => reader`delete from ${reader(name)}.kline_data`, { code: "25006" });
    await reader.end({ timeout: 5 });
    const writer = connect(as("bookline_writer", name), silent);
    await assert.rejects(() => writer`delete from ${writer(name)}.kline_data`, { code: "42501" });
    await assert.rejects(() => writer`update ${writer(name)}.retention set keep = interval '1 day'`, {
      code: "42501",
    });
    await writer.end({ timeout: 5 });
  }
});

Deno.test("what one market's retention drops is still there in the other", async () => {
  await using database = await bothSchemas();
  const { sql } = database;
  const now = Date.now();
  for (const name of [schema, other]) {
    await tidyUp(sql, name, silent);
    await using sink = createSink(book, { ...database.config, schema: name }, silent);
    await sink.open();
    await sink.write(() => [tick(now - 20 * DAY), tick(now)]);
    await tidyUp(sql, name, silent);
  }
  await sql`update ${sql(other)}.retention set keep = interval '3 days' where table_name = 'order_book_data'`;
  await sql`update ${sql(schema)}.retention set keep = null`;
  for (const name of [schema, other]) {
    // A day is dropped once all of its seconds are rolled up.
    while ((await sql`select ${sql(name)}.refresh_rollup('order_book_data', '0') as seconds`)[0].seconds > 0);
    await tidyUp(sql, name, silent);
  }
  assert.deepEqual(
    [await count(sql, schema, "order_book_data"), await count(sql, other, "order_book_data")],
    [2, 1],
  );
  assert.equal(await keptSince(sql, schema, "order_book_data"), -Infinity);
  assert.ok(await keptSince(sql, other, "order_book_data") > now - 4 * DAY);
});

Deno.test("a table that is altered in one market does not stop the other market's sink", async () => {
  await using database = await bothSchemas();
  const { sql } = database;
  await sql`alter table ${sql(schema)}.order_book_data rename to elsewhere`;
  await using broken = createSink(book, database.config, silent);
  await assert.rejects(broken.open(), new RegExp(`${schema}\\.order_book_data .* it is missing`));
  await using sink = createSink(book, { ...database.config, schema: other }, silent);
  await sink.open();
  assert.deepEqual(await sink.write(() => ticks(2)), []);
});

Deno.test("clearing one market's data leaves the other's tables and topics", async () => {
  await using database = await bothSchemas();
  await using test = await testKafka();
  const base = readConfig({ DB_URL: database.url, BOOTSTRAP_SERVER: test.config.brokers.join() });
  const configs = [schema, other].map((name) => ({
    ...base,
    kafka: { ...test.config, topicPrefix: `${test.config.topicPrefix}${name}.` },
    database: { ...base.database, schema: name },
  }));
  const streams = await listStreams();
  const [mine, others] = configs.map((config) => belongingsOf(streams, config));
  await test.kafka.ensureTopics([...mine.topics, ...others.topics]);
  await clear(others, configs[1], silent, AbortSignal.timeout(60_000));
  const there = await test.kafka.listTopics();
  assert.ok(mine.topics.every((topic) => there.includes(topic)), "the first market's topics");
  assert.ok(!others.topics.some((topic) => there.includes(topic)), "the second market's topics");
  assert.equal(await schemaNumber(database.sql, other), 0);
  assert.ok(await schemaNumber(database.sql, schema) > 0);
});
