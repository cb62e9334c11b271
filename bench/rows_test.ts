import assert from "node:assert/strict";
import { testDatabase } from "../tests/stack.ts";
import type { Trade } from "../shared/streams/trade.ts";
import { insert, tick } from "../tests/ticks.ts";
import { tradeDatabase } from "../tests/trades.ts";
import { bookEvents, bookOf, eventsOf, messageOf } from "./feed.ts";
import { ticks, trades } from "./kinds.ts";
import {
  copyLine,
  createDigest,
  type Digest,
  digestOf,
  fields,
  fieldsOf,
  requireSame,
  sentFieldsOf,
} from "./rows.ts";

const now = Date.UTC(2026, 7, 10);
const messages = [...bookEvents(500, now)].map(bookOf);

const digest = (rows: typeof messages, of: string[] = fields, numbers?: "float"): Digest => {
  const all = createDigest(of, ticks, numbers);
  rows.forEach(all.add);
  return { count: all.count, sum: all.sum };
};

Deno.test("the same start gives the same messages, of ten symbols", () => {
  assert.deepEqual([...bookEvents(500, now)].map(bookOf), messages);
  assert.equal(new Set(messages.map(({ symbol }) => symbol)).size, 10);
});

Deno.test("a digest is that of its rows in any order, and of no others", () => {
  const whole = digest(messages);
  assert.deepEqual(digest(messages.toReversed()), whole);
  assert.notDeepEqual(digest(messages.slice(1)), whole);
  for (const field of fields) {
    const [first, ...rest] = messages;
    const changed = digest([{ ...first, [field]: `${first[field]}0` }, ...rest]);
    assert.equal(changed.count, whole.count);
    assert.notEqual(changed.sum, whole.sum, field);
  }
});

Deno.test("a digest of the fields that were sent does not depend on when they were received", () => {
  const later = messages.map((message) => ({ ...message, receivedAt: message.receivedAt + 5 }));
  assert.deepEqual(digest(later, sentFieldsOf(ticks)), digest(messages, sentFieldsOf(ticks)));
});

Deno.test("a table has the digest of the messages that it holds", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  const rows = [...messages, tick(now, { bidPrice: "0.10", askPrice: "12345678.00000001" })];
  await insert(sql, rows);
  assert.deepEqual(await digestOf(sql, "websocket.order_book_data", fields), digest(rows));
});

Deno.test("a table of trades has the digest of the messages that it holds, where a field is null, too", async () => {
  await using market = await tradeDatabase();
  const rows = [...eventsOf(trades, 200, now)].map((event) => messageOf(event, trades) as Trade);
  rows.push({ ...rows[0], aggTradeId: rows[0].aggTradeId + 1_000_000, normalQty: null });
  await market.store(...rows);
  const all = createDigest(fieldsOf(trades), trades);
  rows.forEach(all.add);
  const stored = await digestOf(market.sql, "websocket.trade_data", fieldsOf(trades), trades);
  assert.deepEqual(stored, { count: all.count, sum: all.sum });
});

Deno.test("a table of floats has the digest of floats", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await insert(sql, messages);
  await sql`create table floats as select symbol, update_id, transaction_time, event_time, received_at,
    bid_price::float8, bid_qty::float8, ask_price::float8, ask_qty::float8 from websocket.order_book_data`;
  assert.deepEqual(await digestOf(sql, "floats", fields), digest(messages, fields, "float"));
});

Deno.test("rows that are missing or differ are no result", () => {
  const whole = digest(messages);
  requireSame("psql", whole, { ...whole });
  assert.throws(() => requireSame("psql", { ...whole, count: 499 }, whole), /left 499 rows instead of 500/);
  assert.throws(() => requireSame("psql", { ...whole, sum: 1 }, whole), /some differ/);
});

Deno.test("a line for COPY has the message's fields in their order, times as ISO 8601", () => {
  const cells = copyLine(tick("2026-08-10T12:00:00.250Z")).trimEnd().split("\t");
  assert.equal(cells[fields.indexOf("symbol")], "BTCUSDT");
  assert.equal(cells[fields.indexOf("updateId")], "1786363200250");
  assert.equal(cells[fields.indexOf("bidPrice")], "61800.20");
  assert.equal(cells[fields.indexOf("receivedAt")], "2026-08-10T12:00:00.281Z");
});
