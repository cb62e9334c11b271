/**
 * What copy.ts promises rests on how postgres.js 3.4.9 settles its queries: these tests tell when another version does it
 * otherwise.
 */
import assert from "node:assert/strict";
import { openProxy } from "../../tests/proxy.ts";
import type { Sql } from "../../shared/postgres/mod.ts";
import { connect } from "../../shared/postgres/mod.ts";
import { silent } from "../../tests/silent.ts";
import { emptyDatabase, type TestDatabase } from "../../tests/stack.ts";
import { until } from "../../tests/until.ts";
import { sleep } from "../../shared/wait.ts";
import { copyIn, copyParts } from "./copy.ts";

const utf8 = new TextEncoder();
const lines = (numbers: number[]) => utf8.encode(numbers.map((n) => `${n}\n`).join(""));
const copy = "copy numbers from stdin";
const count = async (sql: Sql) => (await sql`select count(*)::int as count from numbers`)[0].count;

/** An empty table of distinct numbers, and the one connection that copies into it. */
async function numbersTable(database: TestDatabase): Promise<Sql> {
  await database.sql`create table numbers (n bigint primary key deferrable initially deferred)`;
  return connect(database.config, silent, 1);
}

/** The code of the error that a promise fails with. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => assert.fail("it did not fail"), (error) => error);
  return error.code;
}

Deno.test("an error that follows the last byte or the commit is thrown, and the next copy works", async () => {
  await using database = await emptyDatabase();
  const sql = await numbersTable(database);
  for (let times = 0; times < 3; times++) {
    // The key is checked at the commit, after the last byte.
    assert.equal(await codeOf(copyIn(sql, copy, lines([1, 2, 1]))), "23505");
    await copyIn(sql, copy, lines([times + 10]));
  }
  assert.equal(await count(sql), 3);
  await sql.end();
});

Deno.test("a value that is not a number is thrown as an error, and so is a missing table", async () => {
  await using database = await emptyDatabase();
  const sql = await numbersTable(database);
  assert.equal(await codeOf(copyIn(sql, copy, utf8.encode("1\nx\n"))), "22P02");
  assert.equal(await codeOf(copyIn(sql, "copy nothing from stdin", lines([1]))), "42P01");
  await copyIn(sql, copy, lines([1]));
  assert.equal(await count(sql), 1);
  await sql.end();
});

Deno.test("statements before and after the copy are one transaction with it", async () => {
  await using database = await emptyDatabase();
  const sql = await numbersTable(database);
  const around = (after: string) =>
    `insert into numbers values (100); ${copy}; insert into numbers values (${after})`;
  assert.equal(await codeOf(copyIn(sql, around("1"), lines([1]))), "23505");
  assert.equal(await codeOf(copyIn(sql, around("1 / 0"), lines([1]))), "22012");
  assert.equal(await count(sql), 0);
  await copyIn(sql, around("101"), lines([1, 2]));
  assert.equal(await count(sql), 4);
  await sql.end();
});

/** Begins a copy that can't end, as another one holds the table, and breaks the connection off by `lose`. */
async function loseInCopy(database: TestDatabase, sql: Sql, lose: (pid: number) => unknown): Promise<string> {
  const [{ pid }] = await sql`select pg_backend_pid() as pid`;
  const holder = await database.sql.reserve();
  await holder`begin`;
  await holder`lock table numbers`;
  const copying = codeOf(copyIn(sql, copy, lines([1])));
  await until("the copy to wait", async () => {
    const [row] = await database.sql`select wait_event_type from pg_stat_activity where pid = ${pid}`;
    return row?.wait_event_type === "Lock";
  });
  await lose(pid);
  const code = await copying;
  await holder`rollback`;
  holder.release();
  return code;
}

Deno.test("a copy throws if its connection is cut off, and the next copy makes a new connection", async () => {
  await using database = await emptyDatabase();
  await using proxy = await openProxy(database.config);
  await (await numbersTable(database)).end();
  const sql = connect({ ...database.config, host: "127.0.0.1", port: proxy.port }, silent, 1);
  for (let times = 0; times < 2; times++) {
    assert.match(await loseInCopy(database, sql, proxy.cut), /CONNECTION_CLOSED|ECONNRESET/);
    await copyIn(sql, copy, lines([10 * times + 2, 10 * times + 3]));
  }
  // The server does not notice that a client is gone, and goes on to store what it was sent before.
  assert.ok([4, 5].includes(await count(database.sql)));
  await sql.end();
});

Deno.test("a copy throws if its session is ended; the next copy may throw too, and then copies work", async () => {
  await using database = await emptyDatabase();
  const sql = await numbersTable(database);
  const end = (pid: number) => database.sql`select pg_terminate_backend(${pid})`;
  assert.equal(await loseInCopy(database, sql, end), "CONNECTION_CLOSED");
  // postgres.js keeps the server's word and gives it to the query that makes the new connection, which it does not send.
  assert.equal(await codeOf(copyIn(sql, copy, lines([1]))), "57P01");
  await copyIn(sql, copy, lines([1, 2]));
  assert.equal(await count(sql), 2);
  await sql.end();
});

async function* partsOf(...parts: (number[] | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    await Promise.resolve();
    if (part instanceof Error) throw part;
    yield lines(part);
  }
}

Deno.test("parts are one copy, whatever their number", async () => {
  await using database = await emptyDatabase();
  const sql = await numbersTable(database);
  await copyParts(sql, `${copy}; insert into numbers values (0)`, partsOf([1, 2], [3], [], [4]));
  await copyParts(sql, copy, partsOf());
  assert.equal(await count(sql), 5);
  await sql.end();
});

Deno.test("parts that fail are thrown as they failed, nothing of the transaction stays, and the next copy works", async () => {
  await using database = await emptyDatabase();
  const sql = await numbersTable(database);
  for (const before of [[], [[1, 2]], [[1, 2], [3]]]) {
    const failure = new Error("the file is cut short");
    const around = `insert into numbers values (100); ${copy}; insert into numbers values (101)`;
    await assert.rejects(copyParts(sql, around, partsOf(...before, failure)), failure);
    assert.equal(await count(sql), 0);
  }
  await copyParts(sql, copy, partsOf([1]));
  assert.equal(await count(sql), 1);
  await sql.end();
});

Deno.test("the server's error ends the parts, while they come and after the last", async () => {
  await using database = await emptyDatabase();
  const sql = await numbersTable(database);
  let isClosed = false;
  const endless = async function* () {
    try {
      for (let n = 0;; n++) {
        yield n === 3 ? utf8.encode("x\n") : lines(Array.from({ length: 10_000 }, (_, i) => n * 10_000 + i));
      }
    } finally {
      isClosed = true;
    }
  };
  assert.equal(await codeOf(copyParts(sql, copy, endless())), "22P02");
  assert.ok(isClosed);
  assert.equal(await codeOf(copyParts(sql, copy, partsOf([1], [1]))), "23505");
  assert.equal(await codeOf(copyParts(sql, "copy nothing from stdin", partsOf([1]))), "42P01");
  await copyParts(sql, copy, partsOf([1]));
  assert.equal(await count(sql), 1);
  await sql.end();
});

Deno.test("parts whose connection is lost are thrown as an error", async () => {
  await using database = await emptyDatabase();
  const sql = await numbersTable(database);
  const [{ pid }] = await sql`select pg_backend_pid() as pid`;
  const killing = async function* () {
    yield lines([1]);
    await database.sql`select pg_terminate_backend(${pid})`;
    for (let n = 2;; n++) {
      yield lines([n]);
      await sleep(5);
    }
  };
  await assert.rejects(copyParts(sql, copy, killing()));
  // As above, the next one may throw, too.
  await copyParts(sql, copy, partsOf()).catch(() => {});
  await copyParts(sql, copy, partsOf([1]));
  assert.equal(await count(sql), 1);
  await sql.end();
});
