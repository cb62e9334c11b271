import assert from "node:assert/strict";
import { SchemaError } from "../../shared/postgres/schema.ts";
import { book } from "../../shared/streams/book.ts";
import { kline } from "../../shared/streams/kline.ts";
import { silent } from "../../tests/silent.ts";
import { emptyDatabase, schema, testDatabase } from "../../tests/stack.ts";
import { createSink } from "./sink.ts";
import { requireTable } from "./table_check.ts";
import { candle, count, ticks } from "./test_rows.ts";
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

Deno.test("columns that a user adds and that fill themselves refuse no row, added before the start or later", async () => {
  await using database = await testDatabase();
  await using books = createSink(book, database.config, silent);
  await using klines = createSink(kline, database.config, silent);
  assert.deepEqual(await klines.write(() => [candle({})]), []);
  for (const table of ["order_book_data", "kline_data"]) {
    await database.sql.unsafe(`
      alter table websocket.${table} add column note text not null default 'mine', add column id bigserial;
      ${
      table === "kline_data"
        ? "alter table websocket.kline_data add n int not null generated always as identity"
        : ""
    }`);
  }
  await books.open();
  await klines.open();
  for (let times = 0; times < 2; times++) assert.deepEqual(await books.write(() => ticks(100)), []);
  for (const eventTime of [1, 2]) {
    const candles = Array.from({ length: 50 }, (_, i) => candle({ symbol: `S${i}`, eventTime }));
    assert.deepEqual(await klines.write(() => candles), []);
  }
  assert.deepEqual([await count(database.sql, "order_book_data"), await count(database.sql, "kline_data")], [
    100,
    51,
  ]);
});

Deno.test("a table that differs from what Bookline made is refused at the start, with each difference in words", async () => {
  await using database = await testDatabase();
  await using sink = createSink(kline, database.config, silent);
  await database.sql.unsafe(`
    drop view websocket.kline_5m, websocket.kline_15m, websocket.kline_1h, websocket.kline_4h, websocket.kline_1d;
    alter table websocket.kline_data rename column close to last;
    alter table websocket.kline_data
      alter column num_trades type integer, alter column volume type numeric(20, 2),
      add column mine text not null, drop constraint kline_data_pkey`);
  await assert.rejects(sink.open(), (error: Error) => {
    assert.ok(error instanceof SchemaError);
    for (
      const difference of [
        "the column close (numeric) is missing",
        "the column volume is numeric(20,2) instead of numeric",
        "the column num_trades is integer instead of bigint",
        "the column last, which is not Bookline's, is NOT NULL and has no default",
        "the column mine, which is not Bookline's, is NOT NULL and has no default",
        "no primary key or unique index is on (symbol, interval, open_time)",
        "Alter it back",
      ]
    ) assert.ok(error.message.includes(difference), `${difference}: ${error.message}`);
    return true;
  });
});
