import assert from "node:assert/strict";
import fc from "fast-check";
import type { Sql } from "../../shared/postgres/mod.ts";
import { SchemaError } from "../../shared/postgres/schema.ts";
import { isNewer, rowKey } from "../../shared/order.ts";
import { book } from "../../shared/streams/book.ts";
import { type Kline, kline } from "../../shared/streams/kline.ts";
import { anyKline } from "../../tests/arbitraries.ts";
import { silent } from "../../tests/silent.ts";
import { emptyDatabase, testDatabase } from "../../tests/stack.ts";
import { newestPerRow } from "../decode.ts";
import { createSink } from "./sink.ts";
import { candle, count, openTime, tick, ticks } from "./test_rows.ts";

const candles = (sql: Sql) =>
  sql`select symbol, interval, open_time, close::text, first_trade_id, last_trade_id, is_closed, revision,
      event_time from websocket.kline_data
    order by symbol, interval, open_time`;

Deno.test("a schema that is older than the stream needs is refused, with the command to run", async () => {
  await using database = await emptyDatabase();
  await using sink = createSink(kline, database.config, silent);
  await assert.rejects(sink.open(), (error) =>
    error instanceof SchemaError && error.message.startsWith(
      `Cannot use the database as its schema must be ${kline.storage.migration} or later: it is 0. Run: deno task migrate`,
    ));
});

Deno.test("a closed candle is never reopened by a later open frame, in the same batch or the next", async () => {
  const closed = candle({ isClosed: true, close: "2", eventTime: openTime + 60_200 });
  const late = candle({ close: "3", eventTime: openTime + 61_000 });
  for (const batches of [[[closed, late]], [[closed], [late]], [[late], [closed]]]) {
    await using database = await testDatabase();
    await using sink = createSink(kline, database.config, silent);
    for (const batch of batches) {
      assert.deepEqual(await sink.write(() => newestPerRow(kline.message, batch)), []);
    }
    const rows = await candles(database.sql);
    assert.deepEqual(rows.map(({ close, is_closed }) => [close, is_closed]), [["2", true]]);
  }
});

Deno.test("of two versions with one event time, the stored one stays", async () => {
  await using database = await testDatabase();
  await using sink = createSink(kline, database.config, silent);
  await sink.write(() => [candle({ close: "1" })]);
  await sink.write(() => [candle({ close: "2" })]);
  assert.equal((await candles(database.sql))[0].close, "1");
});

/**
 * What the design's order decides of a row, as text. An id that its newest version lacks may be that of any version before it, which
 * depends on the batches: statements_test.ts shows which of them.
 */
function decided(one: Kline, newest: Kline): string {
  const { symbol, interval, openTime, isClosed, revision, eventTime } = one;
  const ids = [
    newest.firstTradeId === null ? "any" : one.firstTradeId,
    newest.lastTradeId === null ? "any" : one.lastTradeId,
  ];
  return [symbol, interval, openTime, ...ids, isClosed, revision, eventTime].join();
}

Deno.test("candles in any order and any batches leave the row that the design's order prefers", async () => {
  await using database = await testDatabase();
  await using sink = createSink(kline, database.config, silent);
  const cuts = fc.integer({ min: 1, max: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(anyKline, { minLength: 60, maxLength: 120 }), cuts, async (messages, cut) => {
      await database.sql`truncate websocket.kline_data`;
      for (let at = 0; at < messages.length; at += cut) {
        await sink.write(() => newestPerRow(kline.message, messages.slice(at, at + cut)));
      }
      const wanted = new Map<string, Kline>();
      for (const message of messages) {
        const key = rowKey(kline.message, message);
        const before = wanted.get(key);
        if (!before || isNewer(kline.message, message, before)) wanted.set(key, message);
      }
      const rows = (await candles(database.sql)).map((row): Kline => ({
        ...candle({}),
        symbol: row.symbol,
        interval: row.interval,
        openTime: Number(row.open_time),
        firstTradeId: row.first_trade_id,
        lastTradeId: row.last_trade_id,
        isClosed: row.is_closed,
        revision: row.revision,
        eventTime: Number(row.event_time),
      }));
      assert.deepEqual(
        rows.map((row) => decided(row, wanted.get(rowKey(kline.message, row))!)).toSorted(),
        [...wanted.values()].map((one) => decided(one, one)).toSorted(),
      );
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

Deno.test("ticks in any order and any batches, some of them twice, are stored once each", async () => {
  await using database = await testDatabase();
  await using sink = createSink(book, database.config, silent);
  const all = ticks(60);
  const anyOrder = fc.shuffledSubarray([...all, ...all], { minLength: 120 });
  await fc.assert(
    fc.asyncProperty(anyOrder, fc.integer({ min: 1, max: 40 }), async (messages, cut) => {
      await database.sql`truncate websocket.order_book_data`;
      for (let at = 0; at < messages.length; at += cut) {
        await sink.write(() => newestPerRow(book.message, messages.slice(at, at + cut)));
      }
      const rows = await database.sql`select update_id from websocket.order_book_data`;
      const ids = (some: Iterable<number>) => [...some].sort((a, b) => a - b);
      assert.deepEqual(
        ids(rows.map(({ update_id }) => Number(update_id))),
        ids(all.map(({ updateId }) => updateId)),
      );
    }),
    { numRuns: 10 },
  );
});

Deno.test("rows that are written again change nothing, alone or among new ones", async () => {
  await using database = await testDatabase();
  await using sink = createSink(book, database.config, silent);
  const first = Array.from({ length: 500 }, (_, i) => tick(i));
  await sink.write(() => first);
  const again = first.map((one) => ({ ...one, bidPrice: "9", receivedAt: openTime + 5_000 }));
  await sink.write(() => [...again, tick(500)]);
  await sink.write(() => [tick(501), ...again]);
  const [{ count, prices, last }] = await database.sql`
    select count(*)::int, array_agg(distinct bid_price::text) as prices, max(received_at) as last
    from websocket.order_book_data`;
  assert.deepEqual([count, prices, Number(last)], [502, ["61800.20"], openTime]);
});

Deno.test("rows that the database refuses because of their content are found, and the rows beside them are stored", async () => {
  await using database = await testDatabase();
  await using sink = createSink(book, database.config, silent);
  await database
    .sql`alter table websocket.order_book_data add constraint plausible check (bid_price < 1000000)`;
  const bad = new Set([0, 17, 18, 63]);
  const messages = Array.from({ length: 64 }, (_, i) => tick(i, bad.has(i) ? { bidPrice: "1000000" } : {}));
  const refused = await sink.write(() => messages);
  assert.deepEqual(refused.map(({ index }) => index), [...bad]);
  assert.match(refused[0].cause, /violates check constraint "plausible"/);
  assert.equal((await database.sql`select count(*)::int from websocket.order_book_data`)[0].count, 60);
});

Deno.test("an error that no row causes is thrown, nothing is written, and no row is refused", async () => {
  await using database = await testDatabase();
  await using sink = createSink(book, database.config, silent);
  await sink.write(() => [tick(1)]);
  await database.sql`alter table websocket.order_book_data rename to elsewhere`;
  await assert.rejects(sink.write(() => [tick(2), tick(3)]), /websocket.order_book_data .* it is missing/);
  await database.sql`alter table websocket.elsewhere rename to order_book_data`;
  assert.deepEqual(await sink.write(() => [tick(2), tick(3)]), []);
  assert.equal((await database.sql`select count(*)::int from websocket.order_book_data`)[0].count, 3);
});

Deno.test("batches are written durably, whatever timeouts the database sets", async () => {
  await using database = await testDatabase();
  const name = database.config.name;
  await database.sql.unsafe(`
    alter database ${name} set statement_timeout = '100ms';
    alter database ${name} set transaction_timeout = '150ms';
    alter database ${name} set idle_in_transaction_session_timeout = '10ms';
    alter database ${name} set lock_timeout = '10ms';
    alter database ${name} set default_transaction_isolation = 'serializable';
    alter database ${name} set synchronous_commit = off;
    create table seen (isolation text, synchronous text);
    create function be_slow() returns trigger language plpgsql as $$ begin
      perform pg_sleep(0.3);
      insert into seen values (current_setting('transaction_isolation'), current_setting('synchronous_commit'));
      return null;
    end $$;
    create trigger slow after insert on websocket.order_book_data for each statement execute function be_slow();
    create trigger slow after insert on websocket.kline_data for each statement execute function be_slow()`);
  await using books = createSink(book, database.config, silent);
  await using klines = createSink(kline, database.config, silent);
  for (let times = 0; times < 2; times++) assert.deepEqual(await books.write(() => ticks(10)), []);
  assert.deepEqual(await klines.write(() => [candle({})]), []);
  const seen = await database.sql`select distinct isolation, synchronous from seen`;
  assert.deepEqual([...seen], [{ isolation: "read committed", synchronous: "on" }]);
});

Deno.test("a batch that is cancelled for the time it takes is written in parts", async () => {
  await using database = await testDatabase();
  await database.sql.unsafe(`
    create function cancel() returns trigger language plpgsql as $$ begin
      if (select count(*) > 100 from new_rows) then raise query_canceled; end if;
      return null;
    end $$;
    create trigger cancel after insert on websocket.order_book_data referencing new table as new_rows
      for each statement execute function cancel()`);
  await using sink = createSink(book, database.config, silent);
  assert.deepEqual(await sink.write(() => ticks(1_000)), []);
  assert.equal(await count(database.sql, "order_book_data"), 1_000);
});
