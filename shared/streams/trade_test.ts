import assert from "node:assert/strict";
import fc from "fast-check";
import { anyTrade } from "../../tests/arbitraries.ts";
import { readLines, testWithRecording } from "../../tests/recordings.ts";
import { refusals } from "../../tests/refusals.ts";
import { canonicalDecoder } from "../canonical.ts";
import { usualDecoder } from "../exchange/usual_frame.ts";
import { type Trade, trade } from "./trade.ts";

const feed = trade.feed!;
const { data } = JSON.parse(feed.sample);

refusals("an aggregated trade", feed.wire, data, ["e", "E", "a", "s", "p", "q", "f", "l", "T", "m"]);

Deno.test("a normal quantity or a market's number that is there, but is nonsense, is refused by its name", () => {
  for (const [field, values] of [["nq", [null, 1, "", "1e3", "NaN"]], ["st", [null, "1", 1.5]]] as const) {
    for (const value of values) {
      const { error } = feed.wire.safeParse({ ...data, [field]: value });
      assert.deepEqual(error?.issues[0].path, [field], `${field} = ${value}`);
    }
  }
});

const expected: Trade = {
  symbol: "ETHUSDT",
  aggTradeId: 2210345678,
  price: "2510.51",
  qty: "3.500",
  normalQty: "3.250",
  firstTradeId: 6150021377,
  lastTradeId: 6150021379,
  tradeTime: 1790000040118,
  isBuyerMaker: false,
  eventTime: 1790000040270,
  receivedAt: 5,
};

Deno.test("an aggregated trade becomes a message field by field, and its price and quantities stay as they are", () => {
  assert.deepEqual(feed.toMessages(feed.wire.parse(data), 5), [expected]);
});

Deno.test("frames of 2021, without nq and st, and frames with unknown fields are accepted", () => {
  const { nq: _nq, st: _st, ...old } = data;
  assert.deepEqual(feed.toMessages(feed.wire.parse(old), 5), [{ ...expected, normalQty: null }]);
  const later = { ...data, st: 0, future: [{}] };
  assert.deepEqual(feed.toMessages(feed.wire.parse(later), 5), [expected]);
});

Deno.test("a trade of another market on our connection makes no message", () => {
  const coinM = { ...data, s: "BTCUSD_PERP", st: 2 };
  assert.deepEqual(feed.toMessages(feed.wire.parse(coinM), 5), []);
});

Deno.test("a symbol is quiet if its last trade is the last message's, and not if that or the answer is unknown", () => {
  const { isQuiet } = feed.confirmation!;
  const quiet = (answer: unknown, last?: Trade) => isQuiet(answer, last, 0, 0);
  for (const answer of [{ lastId: 6150021380 }, { lastId: "6150021379" }, {}, null]) {
    assert.equal(quiet(answer, expected), false, JSON.stringify(answer));
  }
  assert.equal(quiet({ lastId: 6150021379 }), false);
  assert.equal(quiet({ lastId: 6150021379 }, expected), true);
});

Deno.test("each symbol is a feed, in lower case", () => {
  assert.deepEqual(feed.subscriptions("BTCUSDT_250926", {}), ["btcusdt_250926@aggTrade"]);
});

Deno.test("a trade is the same after a way through Kafka, with a normal quantity or without, by either decoder", () => {
  const decodeCanonical = canonicalDecoder(trade.message)!;
  const kinds = { fast: 0, slow: 0 };
  fc.assert(fc.property(anyTrade, (message) => {
    const text = trade.message.codec.encode(message);
    assert.deepEqual(trade.message.codec.decode(text), message);
    assert.deepEqual(trade.message.codec.decode(`{"later":1,${text.slice(1)}`), message);
    const fast = decodeCanonical(text);
    if (fast) assert.deepEqual(fast, message);
    kinds[fast ? "fast" : "slow"]++;
  }));
  assert.ok(kinds.fast > 0 && kinds.slow > 0, JSON.stringify(kinds));
  for (const normalQty of ["3.250", null]) {
    const message = { ...expected, normalQty };
    assert.deepEqual(decodeCanonical(JSON.stringify(message)), message);
  }
});

const decodeUsual = usualDecoder(feed)!;

Deno.test("the fast decoder reads frames of 2021 and of 2026 as the schema does", () => {
  const texts = [
    feed.sample,
    feed.sample.replace(',"nq":"3.250"', ""),
    feed.sample.replace(',"st":1', ""),
    feed.sample.replace(',"nq":"3.250"', "").replace(',"st":1', ""),
    feed.sample.replace('"st":1', '"st":2'),
  ];
  for (const text of texts) {
    const { stream, data } = JSON.parse(text);
    assert.deepEqual(decodeUsual(text), { stream, payload: feed.wire.parse(data) }, text);
  }
});

/** Requires that a frame of the recordings is a usual one, and returns its message. */
function messageOf(text: string): Trade {
  const { data } = JSON.parse(text);
  const usual = decodeUsual(text);
  assert.deepEqual(usual?.payload, feed.wire.parse(data), text);
  const [message] = feed.toMessages(feed.wire.parse(data), 5);
  const { s, a, p, q, nq = null, f, l, T, m, E } = data;
  assert.deepEqual(
    Object.values(message),
    [s, a, p, q, nq, f, l, T, m, E, 5],
    text,
  );
  return message;
}

testWithRecording(
  "usdm_all_2021-07-22.jsonl.gz",
  "the aggregated trades of 2021 are usual frames",
  async () => {
    const frames = await readLines<{ stream: string; data: { e: string } }>("usdm_all_2021-07-22.jsonl.gz");
    const trades = frames.filter(({ data }) => data.e === "aggTrade").map((frame) =>
      messageOf(JSON.stringify(frame))
    );
    assert.equal(trades.length, 91);
    assert.ok(trades.every(({ normalQty }) => normalQty === null));
  },
);

testWithRecording(
  "frames_2026-08_2026-10.jsonl.gz",
  "the aggregated trades of 2026 are usual frames with a normal quantity",
  async () => {
    const frames = await readLines<{ raw: string }>("frames_2026-08_2026-10.jsonl.gz");
    const trades = frames.filter(({ raw }) => raw.includes("aggTrade") && raw.startsWith('{"stream"'))
      .map(({ raw }) => messageOf(raw));
    assert.ok(trades.length > 0);
    assert.ok(trades.every(({ normalQty }) => normalQty !== null));
  },
);
