import assert from "node:assert/strict";
import fc from "fast-check";
import { anyBook } from "../../tests/arbitraries.ts";
import { refusals } from "../../tests/refusals.ts";
import { type Book, book } from "./book.ts";

const feed = book.feed!;
const { data } = JSON.parse(feed.sample);

refusals("a best bid and ask", feed.wire, data, ["e", "u", "s", "b", "B", "a", "A", "T", "E"]);

Deno.test("a best bid and ask becomes a message field by field, and its prices stay as they are", () => {
  const expected: Book = {
    symbol: "ETHUSDT",
    updateId: 11200345678901,
    bidPrice: "2510.50",
    bidQty: "12.345",
    askPrice: "2510.51",
    askQty: "7.001",
    eventTime: 1790000040119,
    transactionTime: 1790000040118,
    receivedAt: 5,
  };
  assert.deepEqual(feed.toMessages(feed.wire.parse(data), 5), [expected]);
});

Deno.test("frames of before 2026, without ps and st, and frames with unknown fields are accepted", () => {
  const { ps: _ps, st: _st, ...old } = data;
  const expected = feed.wire.parse(data);
  assert.deepEqual(feed.wire.parse(old), expected);
  assert.deepEqual(feed.wire.parse({ ...data, st: 0, future: [{}] }), expected);
});

Deno.test("each symbol is a feed, in lower case", () => {
  assert.deepEqual(feed.subscriptions("BTCUSDT_250926", {}), ["btcusdt_250926@bookTicker"]);
});

Deno.test("a best bid and ask is the same after a way through Kafka", () => {
  fc.assert(fc.property(anyBook, (message) => {
    const text = book.message.codec.encode(message);
    assert.deepEqual(book.message.codec.decode(text), message);
    assert.deepEqual(book.message.codec.decode(`{"later":1,${text.slice(1)}`), message);
  }));
});

Deno.test("a book's feed is quiet if its last message is the newest, or if there is none since it is covered", () => {
  const { isQuiet } = feed.confirmation!;
  const [last] = feed.toMessages(feed.wire.parse(data), 5);
  const { bidPrice, bidQty, askPrice, askQty, transactionTime: time } = last;
  const ticker = { symbol: "ETHUSDT", bidPrice, bidQty, askPrice, askQty, time };
  assert.ok(isQuiet(ticker, last, 0, time));
  for (const change of [{ time: time + 1 }, { bidQty: "12.346" }, { askPrice: "2510.52" }]) {
    assert.ok(!isQuiet({ ...ticker, ...change }, last, 0, time));
  }
  assert.ok(isQuiet(ticker, undefined, time + 1, time + 9));
  assert.ok(!isQuiet(ticker, undefined, time, time + 9));
  assert.ok(!isQuiet({ code: -1_003, msg: "Way too many requests" }, undefined, 0, time));
});
