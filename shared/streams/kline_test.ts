import assert from "node:assert/strict";
import fc from "fast-check";
import { anyKline } from "../../tests/arbitraries.ts";
import { refusals } from "../../tests/refusals.ts";
import { type Kline, kline } from "./kline.ts";

const feed = kline.feed!;
const { data } = JSON.parse(feed.sample);

refusals("a candle's frame", feed.wire, data, ["e", "E", "k"]);
refusals("a candle", feed.wire, data, ["k.t", "k.T", "k.s", "k.i", "k.f", "k.L", "k.n", "k.x"]);
refusals("a candle", feed.wire, data, ["k.o", "k.c", "k.h", "k.l", "k.v", "k.q", "k.V", "k.Q"]);

Deno.test("a candle's frame becomes a message field by field, and its prices stay as they are", () => {
  const expected: Kline = {
    symbol: "ETHUSDT",
    interval: "1m",
    openTime: 1789999980000,
    closeTime: 1790000039999,
    open: "2510.40",
    high: "2510.55",
    low: "2510.40",
    close: "2510.55",
    volume: "3.500",
    quoteVolume: "8786.62500",
    takerBuyBaseVolume: "1.500",
    takerBuyQuoteVolume: "3765.82500",
    numTrades: 3,
    firstTradeId: 6150021377,
    lastTradeId: 6150021379,
    isClosed: true,
    eventTime: 1790000040512,
    receivedAt: 5,
    revision: 0,
  };
  assert.deepEqual(feed.toMessages(feed.wire.parse(data), 5), [expected]);
});

Deno.test("a candle without trades is accepted, and so are unknown fields", () => {
  const k = { ...data.k, n: 0, f: -1, L: -1, v: "0", q: "0", V: "0", Q: "0", future: { a: [1] } };
  const [message] = feed.toMessages(feed.wire.parse({ ...data, k, st: 1, future: null }), 5);
  assert.deepEqual([message.numTrades, message.firstTradeId, message.lastTradeId], [0, -1, -1]);
  assert.ok(!("future" in message));
});

Deno.test("each symbol and interval is a feed, in lower case except for the month", () => {
  assert.deepEqual(feed.subscriptions("币安人生USDT", { KLINE_INTERVALS: ["1m", "1M"] }), [
    "币安人生usdt@kline_1m",
    "币安人生usdt@kline_1M",
  ]);
});

Deno.test("a candle is the same after a way through Kafka, and fields of a later version are ignored", () => {
  fc.assert(fc.property(anyKline, (message) => {
    const text = kline.message.codec.encode(message);
    assert.deepEqual(kline.message.codec.decode(text), message);
    assert.deepEqual(kline.message.codec.decode(`{"later":1,${text.slice(1)}`), message);
  }));
});

Deno.test("a candle's message without a revision is of the socket", () => {
  const [{ revision, ...message }] = feed.toMessages(feed.wire.parse(data), 5);
  assert.equal(revision, 0);
  assert.deepEqual(kline.message.codec.decode(JSON.stringify(message)), { ...message, revision });
  assert.throws(() => kline.message.codec.decode(JSON.stringify({ ...message, revision: null })));
});

Deno.test("a candle's feed is quiet if the last trade is in its last message, and its candle is closed or goes on", () => {
  const { isQuiet } = feed.confirmation!;
  const [last] = feed.toMessages(feed.wire.parse(data), 5);
  const open = { ...last, isClosed: false };
  const after = last.closeTime + 1;
  const ticker = { symbol: "ETHUSDT", lastId: last.lastTradeId };
  assert.ok(isQuiet(ticker, last, 0, after));
  assert.ok(isQuiet(ticker, open, 0, last.closeTime));
  assert.ok(!isQuiet(ticker, open, 0, after), "the message that closes it is missing");
  assert.ok(!isQuiet({ ...ticker, lastId: last.lastTradeId! + 1 }, last, 0, after), "a trade is missing");
  assert.ok(!isQuiet(ticker, undefined, after, after), "nothing is known of what came before");
  assert.ok(!isQuiet({ code: -1_003, msg: "Way too many requests" }, last, 0, after));
});
