import assert from "node:assert/strict";
import { emptyDatabase, schema } from "../../tests/stack.ts";
import { requireTable } from "./table_check.ts";
import { sampleStream, sampleTable } from "./test_stream.ts";

const stream = sampleStream();

Deno.test("a column that can't take the stream's nulls or JSON is refused, with the difference in words", async () => {
  await using database = await emptyDatabase();
  const cases = [
    ["alter size_or_null set not null", /the column size_or_null is NOT NULL and must take nulls/],
    ["alter detail_or_null set not null", /the column detail_or_null is NOT NULL and must take nulls/],
    ["alter detail type jsonb", /the column detail is jsonb instead of json\b/],
    ["alter detail type text", /the column detail is text instead of json\b/],
    ["alter at_or_null type timestamp", /is timestamp without time zone instead of timestamp with time zone/],
    ["drop column is_final_or_null", /the column is_final_or_null \(boolean\) is missing/],
  ] as const;
  for (const [change, words] of cases) {
    await database.sql.unsafe(`
      drop schema if exists websocket cascade; ${sampleTable}; alter table websocket.sample_data ${change}`);
    await assert.rejects(requireTable(database.sql, schema, stream), words, change);
  }
});

Deno.test("a table with a column of each type is accepted, and nulls may be allowed where the stream has none", async () => {
  await using database = await emptyDatabase();
  await database.sql.unsafe(sampleTable);
  await requireTable(database.sql, schema, stream);
  await database.sql`alter table websocket.sample_data alter size drop not null, alter detail drop not null`;
  await requireTable(database.sql, schema, stream);
});
