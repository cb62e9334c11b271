import assert from "node:assert/strict";
import { MOST_ROWS, query } from "../local/sql/query.ts";
import { readTasks, root, taskArguments } from "../local/up/tasks.ts";
import { testDatabase } from "./stack.ts";

/** Runs the task on a database; returns what it prints. */
async function type(url: string, ...words: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...taskArguments(readTasks(), "sql"), ...words],
    cwd: root,
    env: { DB_URL: url, NO_COLOR: "1" },
  }).output();
  const [printed, said] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, printed, said };
}

Deno.test("a statement that writes, and one that hides behind another, are refused and change nothing", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  for (
    const statement of [
      "delete from websocket.retention",
      "select 1; delete from websocket.retention",
      "commit; delete from websocket.retention",
      "with gone as (delete from websocket.retention returning 1) select * from gone",
      "set transaction read write; delete from websocket.retention",
    ]
  ) await assert.rejects(query(sql, statement), statement);
  const [{ count }] = await sql`select count(*)::int as count from websocket.retention`;
  assert.ok(count > 5);
});

Deno.test("values are shown as Postgres writes them, times in UTC, and no more than 1,000 rows", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const { columns, rows } = await query(
    sql,
    "select 0.10 as n, '2026-01-01T00:00:00Z'::timestamptz as t, null::text as x",
  );
  assert.deepEqual(columns, [
    { name: "n", isNumber: true },
    { name: "t", isNumber: false },
    { name: "x", isNumber: false },
  ]);
  assert.deepEqual(rows, [["0.10", "2026-01-01 00:00:00+00", null]]);
  const many = await query(sql, "select * from generate_series(1, 5000)");
  assert.equal(many.rows.length, MOST_ROWS);
  assert.ok(many.isCut);
  const none = await query(sql, "select symbol from websocket.symbols");
  assert.deepEqual(none, { columns: [{ name: "symbol", isNumber: false }], rows: [], isCut: false });
});

Deno.test("deno task sql prints the newest candles, or a query's rows, or says in a line what is wrong", async () => {
  await using database = await testDatabase();
  const { sql, url, config } = database;
  await sql`
    insert into websocket.kline_data (symbol, interval, open_time, close_time, open, high, low, close, volume, quote_volume,
      taker_buy_base_volume, taker_buy_quote_volume, num_trades, first_trade_id, last_trade_id, is_closed, event_time, received_at)
    select 'BTCUSDT', '1m', at, at + interval '59.999 s', 1, 2, 1, 1.50, 7, 8, 3, 4, 5, 1, 5, true, at, at
    from unnest(array['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z']::timestamptz[]) as at`;
  const newest = await type(url);
  assert.equal(newest.code, 0, newest.said);
  assert.deepEqual(newest.printed.trim().split("\n").map((line) => line.split(/ {2,}/)), [
    ["symbol", "open_time", "close", "volume", "is_closed"],
    ["───────", "──────────────────────", "─────", "──────", "─────────"],
    ["BTCUSDT", "2026-01-01 00:01:00+00", "1.50", "7", "t"],
  ]);
  assert.match(newest.said, new RegExp(`^Database ${config.name} at .*\n1 row\n$`));
  assert.equal((await type(url, "select 1 as one")).printed, "one\n───\n  1\n");
  assert.equal((await type(url, "--url")).printed.trim(), url);
  const wrong = await type(url, "select nothing");
  assert.equal(wrong.code, 1);
  assert.match(wrong.said, /Cannot run this query: column "nothing" does not exist\n$/);
  const nowhere = await type("postgres://127.0.0.1:1/x");
  assert.match(nowhere.said, /Cannot use the database at 127\.0\.0\.1:1\/x: .*\n$/);
  assert.doesNotMatch(nowhere.said, /^ +at /m);
});
