import assert from "node:assert/strict";
import { silent } from "../../tests/silent.ts";
import { testDatabase } from "../../tests/stack.ts";
import { connectLasting } from "./mod.ts";
import { transact } from "./transaction.ts";

/** What a role or a database may set. */
const hostile = {
  statement_timeout: "20ms",
  transaction_timeout: "40ms",
  idle_in_transaction_session_timeout: "1ms",
  lock_timeout: "1ms",
  default_transaction_isolation: "repeatable read",
  synchronous_commit: "off",
};

Deno.test("whatever the database sets, a transaction of ours has its own settings, and leaves the session's alone", async () => {
  await using database = await testDatabase();
  for (const [name, value] of Object.entries(hostile)) {
    await database.sql.unsafe(`alter database ${database.config.name} set ${name} = '${value}'`);
  }
  const sql = connectLasting(database.config, silent, 1);
  const settings = [
    "statement_timeout",
    "transaction_timeout",
    "lock_timeout",
    "synchronous_commit",
    "transaction_isolation",
  ];
  const show = `select ${settings.map((name) => `current_setting('${name}') as ${name}`).join(", ")}`;
  const [inside] = await transact(sql, `select pg_sleep(0.1); ${show}`);
  assert.deepEqual(Object.values(inside), ["0", "0", "10s", "on", "read committed"]);
  const [outside] = await sql.unsafe(show);
  assert.deepEqual(Object.values(outside), ["20ms", "40ms", "1ms", "off", "repeatable read"]);
  await sql.end();
});

Deno.test("who chose more than to wait for the disk keeps it, and a trigger may choose less", async () => {
  await using database = await testDatabase();
  const show = "show synchronous_commit";
  await database.sql.unsafe(`
    alter database ${database.config.name} set synchronous_commit = 'remote_apply';
    create function hurry() returns trigger language plpgsql
      as $$ begin perform set_config('synchronous_commit', 'off', true); return null; end $$;
    create trigger hurry before insert on websocket.order_book_data for each statement execute function hurry()`);
  const sql = connectLasting(database.config, silent, 1);
  const [{ synchronous_commit: kept }] = await transact(sql, show);
  const [{ synchronous_commit: chosen }] = await transact(
    sql,
    `insert into websocket.order_book_data select * from websocket.order_book_data; ${show}`,
  );
  assert.deepEqual([kept, chosen], ["remote_apply", "off"]);
  await sql.end();
});

Deno.test("statements that fail leave nothing of themselves", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await assert.rejects(transact(sql, "create table mine (); select 1 / 0"), { code: "22012" });
  assert.deepEqual(await transact(sql, "create table mine ()"), []);
});
