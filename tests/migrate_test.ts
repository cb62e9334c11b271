import assert from "node:assert/strict";
import { migrate } from "../migrations/run.ts";
import { createLog } from "../shared/log.ts";
import { connect, createDatabase, type Sql } from "../shared/postgres/mod.ts";
import { SchemaError, schemaNumber } from "../shared/postgres/schema.ts";
import { silent } from "./silent.ts";
import { emptyDatabase, schema } from "./stack.ts";
import { startWorker } from "./worker.ts";

/** The numbers of the migration files. */
const files = (await Array.fromAsync(Deno.readDir(new URL("../migrations/", import.meta.url))))
  .filter(({ name }) => /^\d{4}_/.test(name)).map(({ name }) => Number(name.slice(0, 4))).sort((a, b) =>
    a - b
  );
const newest = files.at(-1)!;

/** What is in the schema, and which migrations made it. */
async function inventory(sql: Sql): Promise<string[]> {
  const rows = await sql`
    select relkind::text || ' ' || relname as name from pg_class where relnamespace = 'websocket'::regnamespace
    union all select 'function ' || proname from pg_proc where pronamespace = 'websocket'::regnamespace
    union all select 'migration ' || number || ' ' || applied_at from websocket.migrations
    order by name`;
  return rows.map(({ name }) => name);
}

Deno.test("a database that a newer version made is refused, and left as it is", async () => {
  await using database = await emptyDatabase();
  await migrate(database.sql, schema, silent);
  await database.sql`insert into websocket.migrations values (${newest + 1}, 'of_the_future')`;
  const before = await inventory(database.sql);
  await assert.rejects(
    migrate(database.sql, schema, silent),
    (error) =>
      error instanceof SchemaError && error.message ===
        `The database has schema ${newest + 1}, made by a newer Bookline; this one knows ${newest}. ` +
          "Update Bookline, or point DB_URL at another database.",
  );
  assert.deepEqual(await inventory(database.sql), before);
});

Deno.test("a migration that fails changes nothing, and the next migrator continues there", async () => {
  await using database = await emptyDatabase();
  await database.sql`create schema websocket`;
  await database
    .sql`create function websocket.now() returns timestamptz language sql return '2000-01-01'::timestamptz`;
  await assert.rejects(migrate(database.sql, schema, silent), { code: "42723" });
  assert.equal(await schemaNumber(database.sql, schema), 3);
  // The lock is free, and no half of a migration is in the way.
  await database.sql`drop function websocket.now()`;
  assert.equal(await migrate(database.sql, schema, silent), newest);
});

Deno.test("the schema is made whatever timeouts the database sets", async () => {
  await using database = await emptyDatabase();
  const { name } = database.config;
  await database.sql.unsafe(`
    create function be_slow() returns event_trigger language plpgsql as $$ begin perform pg_sleep(0.3); end $$;
    create event trigger slow on ddl_command_start when tag in ('CREATE VIEW') execute function be_slow();
    alter database ${name} set statement_timeout = '200ms';
    alter database ${name} set transaction_timeout = '250ms';
    alter database ${name} set lock_timeout = '10ms';
    alter database ${name} set idle_in_transaction_session_timeout = '10ms'`);
  const sql = connect(database.config, silent);
  assert.equal(await migrate(sql, schema, silent), newest);
  await sql.end();
});

Deno.test("twenty migrators at once make the database and its schema, once", async () => {
  await using server = await emptyDatabase();
  const config = { ...server.config, name: `${server.config.name}_made` };
  const numbers = await Promise.all(Array.from({ length: 20 }, async () => {
    await createDatabase(config, silent);
    const sql = connect(config, silent);
    try {
      return await migrate(sql, schema, silent);
    } finally {
      await sql.end();
    }
  }));
  assert.deepEqual(new Set(numbers), new Set([newest]));
  const sql = connect(config, silent);
  const rows = await sql`select number from websocket.migrations order by number`;
  assert.deepEqual(rows.map(({ number }) => number), files);
  await sql.end();
  await server.sql`drop database ${server.sql(config.name)}`;
});

Deno.test("a second run changes nothing and logs nothing", async () => {
  await using database = await emptyDatabase();
  await migrate(database.sql, schema, silent);
  const before = await inventory(database.sql);
  const lines: string[] = [];
  assert.equal(
    await migrate(database.sql, schema, createLog("migrate", "info", (line) => lines.push(line))),
    newest,
  );
  assert.deepEqual([await inventory(database.sql), lines], [before, []]);
});

/** Tables of our names as someone else made them, with data, default names of indexes, and a view that uses them. */
async function makeForeignTables(sql: Sql, mark: string): Promise<void> {
  await sql.unsafe(`
    create schema if not exists websocket;
    create table websocket.kline_data (id serial primary key, symbol text, open double precision);
    insert into websocket.kline_data (symbol, open) values ('${mark}', 1.5);
    create table websocket.order_book_data (symbol text, transaction_time timestamptz, update_id bigint,
      primary key (symbol, update_id, transaction_time)) partition by range (transaction_time);
    create table websocket.order_book_data_default partition of websocket.order_book_data default;
    create index on websocket.order_book_data (transaction_time);
    insert into websocket.order_book_data values ('${mark}', now(), 1);
    create view websocket.${mark} as select symbol from websocket.kline_data`);
}

/** The symbols that a table holds. */
const marksOf = async (sql: Sql, table: string) =>
  (await sql`select symbol from websocket.${sql(table)}`).map(({ symbol }) => symbol);

Deno.test("tables of the same names that others made are set aside with their data, and their views still work", async () => {
  await using database = await emptyDatabase();
  const lines: string[] = [];
  const sql = connect(database.config, createLog("migrate", "info", (line) => lines.push(line)));
  await makeForeignTables(sql, "theirs");
  await migrate(sql, schema, silent);
  for (const table of ["kline_data", "order_book_data"]) {
    assert.match(
      lines.join("\n"),
      new RegExp(`${table} was there already and is not Bookline's: it is now websocket.${table}_legacy`),
    );
    assert.deepEqual(await marksOf(sql, `${table}_legacy`), ["theirs"]);
    assert.deepEqual(await marksOf(sql, table), []);
  }
  assert.deepEqual(await marksOf(sql, "theirs"), ["theirs"]);

  // Beside them, the schema is what an empty database gets.
  await using empty = await emptyDatabase();
  await migrate(empty.sql, schema, silent);
  const own = (names: string[]) =>
    names.filter((name) => !/legacy|migration|theirs|_id_seq|_\d{8}/.test(name));
  assert.deepEqual(own(await inventory(sql)), own(await inventory(empty.sql)));
  await sql.end();
});

Deno.test("tables are set aside beside those that were set aside before", async () => {
  await using database = await emptyDatabase();
  const { sql } = database;
  await makeForeignTables(sql, "older");
  await sql`alter table websocket.kline_data rename to kline_data_legacy`;
  await sql`alter table websocket.order_book_data rename to order_book_data_legacy`;
  await sql`alter table websocket.order_book_data_default rename to order_book_data_older`;
  await makeForeignTables(sql, "newer");
  await migrate(sql, schema, silent);
  for (const table of ["kline_data", "order_book_data"]) {
    assert.deepEqual(await marksOf(sql, `${table}_legacy`), ["older"]);
    assert.deepEqual(await marksOf(sql, `${table}_legacy_2`), ["newer"]);
    assert.deepEqual(await marksOf(sql, table), []);
  }
});

Deno.test("`deno task migrate` makes the database that DB_URL names, and says which schema it has", async () => {
  await using server = await emptyDatabase();
  const name = `${server.config.name}_made`;
  const env = { DB_URL: Object.assign(new URL(server.url), { pathname: name }).href };
  await using migrator = startWorker("migrate", env);
  assert.equal((await migrator.ended).code, 0, migrator.lines.join("\n"));
  assert.match(migrator.lines.join("\n"), new RegExp(`made the database name=${name}[^]*schema=${newest}`));
  await server.sql`drop database ${server.sql(name)}`;
});
