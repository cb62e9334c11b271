import assert from "node:assert/strict";
import { createReader, HOUR, lastHour, noon, queryOf, rowsOf } from "./dashboard_market.ts";
import { testDatabase } from "./stack.ts";

Deno.test("while nobody reads the coverage topic, what was told last ends what is covered, and is shown as a gap", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const from = new Date(noon - HOUR);
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    values
      ('s', 's', 'book', 'btcusdt@bookTicker', 'BTCUSDT', ${from}, ${from}, 'open', 1),
      ('s', 's', 'book', '', '', ${from}, ${new Date(noon - HOUR / 2)}, 'open', 1)`;
  const rows = async (title: string) =>
    (await rowsOf(sql, queryOf(title), lastHour)).map((row) => Object.values(row));
  await sql`insert into websocket.coverage_reads values (0, 1, now(), now())`;
  assert.deepEqual(await rows("Gaps"), []);
  assert.deepEqual(await rows("Coverage").then(([row]) => row.slice(3).map(Number)), [100, 0]);
  await sql`update websocket.coverage_reads set read_at = now() - interval '11 s'`;
  assert.deepEqual(await rows("Coverage").then(([row]) => row.slice(3).map(Number)), [50, 1]);
  const [[since, until, , ...rest]] = await rows("Gaps");
  assert.deepEqual([since, until, ...rest], [
    ...[
      new Date(noon - HOUR / 2),
      null,
      "unknown",
      "book",
      "btcusdt@bookTicker",
      "coverage is not read",
      null,
    ],
  ]);
});
