import assert from "node:assert/strict";
import { jobsOf } from "../consumers/postgres/jobs.ts";
import { createSink } from "../consumers/postgres/sink.ts";
import { makeRoles } from "../migrations/roles.ts";
import { migrate } from "../migrations/run.ts";
import { listStreams } from "../shared/list_streams.ts";
import { connect } from "../shared/postgres/mod.ts";
import { transact } from "../shared/postgres/transaction.ts";
import { book } from "../shared/streams/book.ts";
import { silent } from "./silent.ts";
import { emptyDatabase, schema, testDatabase } from "./stack.ts";
import { tick } from "./ticks.ts";
import { INSUFFICIENT_PRIVILEGE, refuses, withRoles } from "./with_roles.ts";

Deno.test("bookline_writer can make nothing, and is refused the settings that the jobs read and the functions that drop rows", async () => {
  await using roles = await withRoles();
  await refuses(roles.writer, INSUFFICIENT_PRIVILEGE, [
    "create schema mine",
    "create table websocket.mine ()",
    "create table public.mine ()",
    "create table websocket.mine partition of websocket.order_book_data for values from ('2000-01-01') to ('2000-01-02')",
    "alter table websocket.kline_data add column mine text",
    "create index on websocket.kline_data (close)",
    "drop table websocket.order_book_data_default",
    "truncate websocket.kline_data",
    "delete from websocket.kline_data",
    "create role mine",
    "update websocket.order_book_data set bid_price = 0",
    "delete from websocket.order_book_data",
    "truncate websocket.order_book_data",
    "update websocket.retention set keep = interval '1 day'",
    "insert into websocket.retention values ('mine', interval '1 day')",
    "delete from websocket.stale_seconds",
    "delete from websocket.postponed",
    "insert into websocket.moves values ('order_book_data', 0, 0, 0)",
    "create or replace function websocket.now() returns timestamptz language sql return 'epoch'::timestamptz",
    "insert into websocket.migrations values (9999, 'mine')",
    "insert into websocket.writable values ('retention', 'insert, update')",
    "insert into websocket.daily_tables values (9, 'kline_data', 'open_time')",
    "insert into websocket.stale_trade_ids values (now(), 'BTCUSDT')",
    "update websocket.trade_data set price = 0",
    "delete from websocket.trade_runs",
    "select websocket.note_trade_ids(now(), now())",
    "delete from websocket.audit_data",
    "update websocket.audit_days set differs = 0",
    "update websocket.audit_sets set in_gap = with_trades",
    "delete from websocket.stale_candles",
    "select * from websocket.judge_candles('{}')",
    "select websocket.count_audit('BTCUSDT', '1m', '2026-08-10')",
    "insert into websocket.stale_feeds values (now(), now(), 'book', 'btcusdt@bookTicker')",
    "update websocket.coverage_sessions set heard_at = now()",
    "select websocket.compute_gaps(now(), 1)",
    "insert into websocket.dropped_days values ('2000-01-01', 'order_book_data')",
    "select websocket.drop_days('order_book_data', array['2000-01-01'::date])",
    "select websocket.drop_some('order_book_data', 'transaction_time')",
    "select websocket.make_day('order_book_data', 'transaction_time', '2000-01-01')",
    "select websocket.begin_move('order_book_data', 'transaction_time', array['2000-01-01'::date])",
    "select websocket.end_move('order_book_data')",
    "select websocket.lock_out('order_book_data')",
  ]);
});

Deno.test("bookline_writer can drop, change or empty no relation, and can drop no function", async () => {
  await using roles = await withRoles();
  const { sql } = roles.database;
  const relations = await sql`
    select relname as name, relkind = 'v' as is_view from pg_class
    where relnamespace = 'websocket'::regnamespace and relkind in ('r', 'p', 'v')`;
  const functions = await sql`
    select oid::regprocedure::text as name from pg_proc where pronamespace = 'websocket'::regnamespace`;
  assert.ok(relations.length > 10 && functions.length > 10);
  const statements = relations.flatMap(({ name, is_view: isView }) =>
    isView ? [`drop view websocket.${name}`, `create or replace view websocket.${name} as select 1`] : [
      `drop table websocket.${name}`,
      `alter table websocket.${name} add column mine text`,
      `create index on websocket.${name} ((1))`,
      `delete from websocket.${name}`,
      `truncate websocket.${name}`,
    ]
  );
  await refuses(roles.writer, INSUFFICIENT_PRIVILEGE, [
    ...statements,
    ...functions.map(({ name }) => `drop function ${name}`),
    "drop schema websocket cascade",
  ]);
});

Deno.test("bookline_writer may call what workers call and nothing else, and write where they write and nowhere else", async () => {
  await using roles = await withRoles();
  const { sql } = roles.database;
  const functions = await sql`
    select proname as name from pg_proc
    where pronamespace = 'websocket'::regnamespace and has_function_privilege('bookline_writer', oid, 'execute')
    order by name`;
  assert.deepEqual(functions.map(({ name }) => name), [
    "audit_candles",
    "begin_losses",
    "check_trade_ids",
    "claim_repair",
    "end_losses",
    "judge_answer",
    "keep_gaps",
    "kept_since",
    "next_audits",
    "next_repairs",
    "note_answer",
    "note_audited",
    "note_coverage_read",
    "note_stored",
    "refresh_rollup",
    "release_repair",
    "tidy_up",
  ]);
  const may = async (privilege: string) =>
    (await sql`
      select relname as name from pg_class
      where relnamespace = 'websocket'::regnamespace and relkind in ('r', 'p', 'v')
        and has_table_privilege('bookline_writer', oid, ${privilege})
      order by name`).map(({ name }) => name);
  const streams = await listStreams();
  const tables = streams.flatMap((
    { message, storage },
  ) => [message.topic, ...(storage.rollup ? [storage.rollup.stale] : [])]);
  const replaced = streams.filter(({ message }) => message.version.length > 0).map(({ message }) =>
    message.topic
  );
  assert.deepEqual(await may("insert"), tables.sort());
  assert.deepEqual(await may("update"), replaced.sort());
  assert.deepEqual(await may("delete, truncate, references, trigger"), []);
});

Deno.test("a later migration says by itself what bookline_writer may do with its table", async () => {
  await using roles = await withRoles();
  const { sql } = roles.database;
  await sql.unsafe(`
    create table websocket.later_data (id bigint);
    insert into websocket.writable values ('later_data', 'insert')`);
  await migrate(sql, schema, silent);
  await roles.writer`insert into websocket.later_data values (1)`;
  await refuses(roles.writer, INSUFFICIENT_PRIVILEGE, ["update websocket.later_data set id = 2"]);
  for (
    const privileges of [
      "delete",
      "insert, update, truncate",
      "insert on websocket.retention to public; grant select",
    ]
  ) {
    await assert.rejects(sql`insert into websocket.writable values ('later', ${privileges})`, {
      code: "23514",
    });
  }
});

Deno.test("every migrate revokes what earlier versions granted to bookline_writer, also on partitions", async () => {
  await using roles = await withRoles();
  const { sql } = roles.database;
  await sql.unsafe(`
    alter default privileges in schema websocket grant insert, update on tables to bookline_writer;
    create table websocket.order_book_data_20000101 partition of websocket.order_book_data
      for values from ('2000-01-01') to ('2000-01-02');
    grant insert, update on all tables in schema websocket to bookline_writer;
    grant execute on all functions in schema websocket to bookline_writer`);
  await migrate(sql, schema, silent);
  await sql`create table websocket.later (id bigint)`;
  await refuses(roles.writer, INSUFFICIENT_PRIVILEGE, [
    "update websocket.order_book_data_20000101 set bid_price = 0",
    "update websocket.retention set keep = interval '1 day'",
    "insert into websocket.later values (1)",
    "select websocket.drop_some('order_book_data', 'transaction_time')",
  ]);
});

Deno.test("functions that run with the owner's rights ignore the caller's search path", async () => {
  await using database = await testDatabase();
  const settings = await database.sql`
    select proname as name, proconfig as settings from pg_proc
    where pronamespace = 'websocket'::regnamespace and prosecdef`;
  for (const { name, settings: [...all] } of settings) {
    assert.ok(all.includes("search_path=pg_catalog, websocket, pg_temp"), `${name}: ${all}`);
  }
});

Deno.test("even before the grants are updated, no role may pass a statement to functions that run with the owner's rights", async () => {
  await using database = await emptyDatabase();
  const { sql } = database;
  const folder = new URL("../migrations/", import.meta.url);
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  for (const name of ["setup.sql", ...names.filter((name) => /^\d{4}_/.test(name)).sort()]) {
    await sql.unsafe(await Deno.readTextFile(new URL(name, folder)));
  }
  const [{ may }] =
    await sql`select has_function_privilege('public', 'websocket.copy_row()', 'execute') as may`;
  assert.equal(may, false);
});

Deno.test("a user without CREATEROLE is warned, and told that the roles are not needed", async () => {
  await using roles = await withRoles();
  await assert.rejects(
    makeRoles(roles.writer, schema, roles.passwords, silent),
    /bookline_writer has no CREATEROLE.*leave out --roles/,
  );
});

Deno.test("bookline_writer can do all that a consumer does: rows, upserts, partitions, rollup", async () => {
  await using roles = await withRoles();
  const { writer, reader } = roles;
  const now = Date.now();
  const ticks = [tick(now - 2_000), tick(now - 1_000)];
  await using sink = createSink(book, roles.as("bookline_writer"), silent);
  await sink.open();
  assert.deepEqual(await sink.write(() => ticks), []);
  assert.deepEqual(await sink.write(() => ticks), [], "a second time, by way of the staging table");
  for (const { statement } of jobsOf(book, schema)) await transact(writer, statement);
  await writer`select websocket.refresh_rollup('order_book_data', '0')`;
  const [{ raw, rolled }] = await reader`
    select
      (select count(*) from websocket.order_book_data)::int as raw,
      (select sum(ticks) from websocket.order_book_1s)::int as rolled`;
  assert.deepEqual({ raw, rolled }, { raw: 2, rolled: 2 });
});

Deno.test("the roles have their new passwords when they are made again", async () => {
  await using roles = await withRoles();
  const password = crypto.randomUUID();
  await makeRoles(roles.database.sql, schema, { ...roles.passwords, bookline_writer: password }, silent);
  const open = (password: string) => connect({ ...roles.as("bookline_writer"), password }, silent);
  const before = open(roles.passwords.bookline_writer);
  await assert.rejects(() => before`select`, { code: "28P01" });
  await before.end();
  const after = open(password);
  await after`select`;
  await after.end();
});
