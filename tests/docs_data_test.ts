/** Holds docs/data.md to the schema, and runs the queries of all documents. */
import assert from "node:assert/strict";
import { readTasks, root, taskArguments } from "../local/up/tasks.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { codesIn, commandsIn, queriesIn, readDocuments, rowsIn } from "./documents.ts";
import { testDatabase } from "./stack.ts";
import { store, tick } from "./ticks.ts";
import { tradeDatabase, tradeOf } from "./trades.ts";

const documents = await readDocuments();
const dataPage = documents.find(({ path }) => path === "docs/data.md")!.text;

/** The columns of each table and view, with their types, without partitions. */
async function columnsOf(sql: Sql): Promise<Map<string, Map<string, string>>> {
  const rows = await sql<{ table: string; column: string; type: string }[]>`
    select relname as table, attname as column, replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz') as type
    from pg_class join pg_attribute on attrelid = pg_class.oid
    where relnamespace = 'websocket'::regnamespace and relkind in ('r', 'p', 'v', 'm') and not relispartition
      and attnum > 0 and not attisdropped
    order by relname, attnum`;
  const tables = Map.groupBy(rows, ({ table }) => table);
  return new Map(
    [...tables].map((
      [table, columns],
    ) => [table, new Map(columns.map(({ column, type }) => [column, type]))]),
  );
}

/** What docs/data.md says of the tables: each section that is named after tables, and the list of internal ones. */
function explained(): { tables: string[]; columns: Map<string, string> }[] {
  const sections = dataPage.split(/^#+ (?=.)/m).slice(1);
  return sections.flatMap((section) => {
    const [heading] = section.split("\n");
    const rows = rowsIn(section);
    if (heading.startsWith("`")) {
      const described = rows.filter((row) => row.length === 4 && row[0] !== "column");
      return [{
        tables: codesIn(heading),
        columns: new Map(described.flatMap(([names, type]) => codesIn(names).map((name) => [name, type]))),
      }];
    }
    if (!heading.startsWith("Internal")) return [];
    return rows.slice(1).map(([table, columns]) => ({
      tables: codesIn(table),
      columns: new Map([...columns.matchAll(/`(\w+)` ([\w[\]()]+)/g)].map(([, name, type]) => [name, type])),
    }));
  });
}

Deno.test("docs/data.md has every table, view and column, with its type, and no other", async () => {
  await using database = await testDatabase();
  const real = await columnsOf(database.sql);
  const told = explained();
  assert.deepEqual(
    [...real.keys()].filter((table) => !told.some(({ tables }) => tables.includes(table))),
    [],
  );
  for (const { tables, columns } of told) {
    for (const table of tables) {
      const there = real.get(table);
      assert.ok(there, `${table} is a table`);
      for (const [column, type] of there) assert.equal(columns.get(column), type, `${table}.${column}`);
    }
    for (const column of columns.keys()) {
      assert.ok(tables.some((table) => real.get(table)!.has(column)), `${tables}: ${column}`);
    }
  }
});

/** Puts a row into a table, with these fields and any value for the others. */
async function putRow(sql: Sql, table: string, fields: Record<string, string>): Promise<void> {
  await sql`
    insert into websocket.${sql(table)}
    select (jsonb_populate_record(null::websocket.${sql(table)}, jsonb_object_agg(attname, case
      when atttypid in ('timestamptz'::regtype, 'date'::regtype) then to_jsonb(now())
      when atttypid = 'jsonb'::regtype then '{}'
      else to_jsonb(0)
    end) || ${sql.json(fields)})).*
    from pg_attribute where attrelid = ${`websocket.${table}`}::regclass and attnum > 0 and not attisdropped`;
}

/** A database that holds something of everything that a document asks for, up to now. */
async function filledDatabase() {
  await using parts = new AsyncDisposableStack();
  const market = parts.use(await tradeDatabase());
  const { sql } = market;
  const now = Date.now();
  const seconds = Array.from({ length: 300 }, (_, i) => now - i * 1_000);
  await store(sql, seconds.map((at) => tick(at)));
  await market.store(...seconds.map((at, i) => tradeOf(1_000 - i - (i > 150 ? 10 : 0), at)));
  await market.refresh();
  while ((await sql`select websocket.refresh_rollup('order_book_data', '0') as seconds`)[0].seconds > 0);
  await sql`
    insert into websocket.kline_data
      (symbol, interval, open_time, close_time, open, high, low, close, volume, quote_volume, taker_buy_base_volume,
      taker_buy_quote_volume, num_trades, first_trade_id, last_trade_id, is_closed, event_time, received_at)
    select 'BTCUSDT', '1m', minute, minute + interval '59.999 s', 1, 2, 1, 1.50, 7, 8, 3, 4, 5, 1, 5, true, minute, minute
    from generate_series(date_trunc('minute', now()) - interval '2 hours', now(), interval '1 minute') as minute`;
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, version, reason) values
      ('s', 'default', 'book', 'btcusdt@bookTicker', 'BTCUSDT', now() - interval '1 hour', now() - interval '1 minute', 1, 'open'),
      ('s', 'default', 'book', '', '', now() - interval '1 hour', now() - interval '1 minute', 1, 'open')`;
  await sql`
    insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, state)
    values ('book', 'btcusdt@bookTicker', 'BTCUSDT', now() - interval '2 hours', now() - interval '1 hour', 'stopped', 'lost')`;
  await putRow(sql, "audit_data", {
    symbol: "BTCUSDT",
    interval: "1m",
    verdict: "differs",
    compared_with: "trades",
  });
  await putRow(sql, "audit_days", { symbol: "BTCUSDT", interval: "1m" });
  await putRow(sql, "archive_files", { held: "{[0,1)}" });
  await sql`select websocket.note_answer('kline', 'btcusdt@kline_1m', 1, 2, now(), '[[1, 2]]')`;
  await sql`
    insert into websocket.worker_data (worker, host, name, stream, at, state, dead_letters, build)
    values ('book:consume', 'here', 'bookline', 'book', now(), 'ok', 0, '0.1.0+unknown')`;
  const kept = parts.move();
  return { sql, url: market.database.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

Deno.test("every query of the documents finds rows in a database that has some", async () => {
  await using database = await filledDatabase();
  const queries = documents.flatMap((document) =>
    queriesIn(document).map((query) => ({ ...document, query }))
  );
  assert.ok(queries.length > 20, `${queries.length} queries`);
  for (const { path, query } of queries) {
    const rows = await database.sql.unsafe(query).catch((error) =>
      assert.fail(`${path}: ${query}\n${error}`)
    );
    assert.ok(rows.length > 0, `${path}: ${query} finds nothing: filledDatabase must have rows for it`);
  }
});

/** A command's words as a shell has them: those in quotes are one. */
const wordsOf = (command: string) =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) =>
    double ?? single ?? plain
  );

Deno.test("the documents' commands that ask the database do as typed what they say", async () => {
  await using database = await filledDatabase();
  const commands = documents.flatMap(commandsIn).flatMap((command) => {
    const [, task, rest] = /deno(?:@[\d.]+)? task (sql|retention)\b(.*)$/.exec(command) ?? [];
    return task && !rest.includes("…") ? [[task, ...wordsOf(rest)]] : [];
  });
  assert.ok(commands.length >= 5, `${commands.length} commands`);
  for (const [task, ...words] of commands) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...taskArguments(readTasks(), task), ...words],
      cwd: root,
      env: { DB_URL: database.url, NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stderr);
    // What would be dropped is shown with the code 1, as nothing is changed.
    assert.ok(code === 0 || said.startsWith("Nothing is changed"), `${task} ${words.join(" ")}: ${said}`);
    assert.ok(stdout.length > 0, `${task} ${words.join(" ")} prints nothing`);
  }
});
