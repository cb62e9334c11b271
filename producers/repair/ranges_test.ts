import assert from "node:assert/strict";
import fc from "fast-check";
import { usualMarket } from "../../shared/exchange/markets/mod.ts";
import { kline } from "../../shared/streams/kline.ts";
import { type Trade, trade } from "../../shared/streams/trade.ts";
import { readLines, testWithRecording } from "../../tests/recordings.ts";
import { type Found, type Range, readAnswer, requestFor, restOf } from "./ranges.ts";

const MINUTE = 60_000;
const start = Date.UTC(2026, 9, 1);
const [candles, trades] = [kline.feed!.refill!, trade.feed!.refill!];
const { limits } = usualMarket;

/** So many minutes from the start on. */
const minutes = (count: number): Range => ({
  ...{ stream: "kline", feed: "btcusdt@kline_1m", symbol: "BTCUSDT", positions: count },
  ...{
    first: start,
    last: start + (count - 1) * MINUTE,
    startsAt: start,
    finalAt: start + count * MINUTE + 10_000,
    reachEndsAt: Infinity,
  },
});
/** A minute's candle as REST gives it. */
const row = (minute: number) => {
  const open = start + minute * MINUTE;
  return [open, "1.10", "1.20", "1.00", "1.10", "5.0", open + MINUTE - 1, "5.50", 7, "2", "2.20", "0"];
};
const idsFrom = (first: number, last: number): Range => ({
  ...{ stream: "trade", feed: "btcusdt@aggTrade", symbol: "BTCUSDT", first, last },
  ...{ positions: last - first + 1, startsAt: start, finalAt: start },
  reachEndsAt: Infinity,
});
const tradeRow = (a: number) => ({ a, p: "1.0", q: "2", nq: "1", f: a, l: a, T: start + a, m: true });
const late = start + 86_400_000;

Deno.test("candles are asked for by time, as many as there may be, 499 at a time, at the weight that this costs", () => {
  for (
    const [count, limit, weight] of [[1, 1, 1], [99, 99, 1], [100, 100, 2], [499, 499, 2], [1_440, 499, 2]]
  ) {
    const range = minutes(count);
    assert.deepEqual(requestFor(candles, range, limits.klines), {
      query: { symbol: "BTCUSDT", interval: "1m", startTime: start, endTime: range.last, limit },
      ...{ limit, weight },
    });
  }
});

Deno.test("trades are asked for by id, and by time where no id is known", () => {
  const request = (range: Range) => requestFor(trades, range, limits.aggTrades);
  assert.deepEqual(request(idsFrom(5, 9)), {
    ...{ query: { symbol: "BTCUSDT", fromId: 5, limit: 1_000 }, limit: 1_000, weight: 20 },
  });
  assert.deepEqual(request(idsFrom(0, 9)).query, { symbol: "BTCUSDT", startTime: start, limit: 1_000 });
});

Deno.test("a candle's row becomes a message field by field, of revision 2, closed, without ids", () => {
  const { messages } = readAnswer(candles, minutes(1), { body: [row(0)], at: late }, 1, 77);
  assert.deepEqual(messages, [{
    ...{ symbol: "BTCUSDT", interval: "1m", openTime: start, closeTime: start + 59_999 },
    ...{ open: "1.10", high: "1.20", low: "1.00", close: "1.10", volume: "5.0", quoteVolume: "5.50" },
    ...{ takerBuyBaseVolume: "2", takerBuyQuoteVolume: "2.20", numTrades: 7 },
    ...{ firstTradeId: null, lastTradeId: null, isClosed: true, eventTime: 77, receivedAt: 77, revision: 2 },
  }]);
});

Deno.test("what an answer lacks is absent, in front, between and behind", () => {
  const { messages, upTo, absent } = readAnswer(
    candles,
    minutes(8),
    { body: [1, 2, 5].map(row), at: late },
    8,
    0,
  );
  const at = (minute: number) => start + minute * MINUTE;
  assert.equal(messages.length, 3);
  assert.equal(upTo, at(7));
  assert.deepEqual(absent, [[at(0), at(1) - 1], [at(3), at(5) - 1], [at(6), at(7)]]);
});

Deno.test("whatever the exchange has of some ids, page by page each id is given once or is absent", () => {
  const anyIds = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 60 });
  fc.assert(fc.property(anyIds, fc.integer({ min: 1, max: 9 }), (ids, limit) => {
    // There is a later one: the gap has an end.
    const there = [...ids.filter((id) => id !== 41), 41].toSorted((a, b) => a - b);
    const told: number[] = [];
    let left: Range | undefined = idsFrom(10, 40);
    while (left) {
      const { first }: Range = left;
      const body = there.filter((id) => id >= first).slice(0, limit).map(tradeRow);
      const { messages, upTo, absent }: Found<Trade> = readAnswer(trades, left, { body, at: late }, limit, 0);
      assert.ok(upTo >= first);
      told.push(...messages.map(({ aggTradeId }) => aggTradeId));
      for (const [from, to] of absent) {
        for (let id = from; id <= to; id++) {
          assert.ok(!there.includes(id));
          told.push(id);
        }
      }
      left = restOf(left, upTo);
    }
    assert.deepEqual(told.toSorted((a, b) => a - b), Array.from({ length: 31 }, (_, i) => 10 + i));
  }));
});

Deno.test("an answer that came too early, is of another time, out of order or nonsense is not believed", () => {
  const read = (body: unknown, at = late) => readAnswer(candles, minutes(3), { body, at }, 3, 0);
  assert.throws(() => read([row(0)], start + 3 * MINUTE + 9_000), /too early/);
  assert.throws(() => read([row(-1)]), /not in order/);
  assert.throws(() => read([row(1), row(0)]), /not in order/);
  assert.throws(() => read([row(1), row(1)]), /not in order/);
  for (const [field, value] of [[1, "lie"], [1, 1.1], [5, null], [6, start - 1], [8, "7"]] as const) {
    assert.throws(() => read([row(0).with(field, value as string)]), `${field}`);
  }
  for (const body of [{}, null, "[]", [[]], [{}]]) assert.throws(() => read(body), JSON.stringify(body));
});

Deno.test("what an answer lacks at its end may still come: of trades until a later one is given, of candles for ten minutes, and until a second answer lacks it", () => {
  const read = (ids: number[]) =>
    readAnswer(trades, idsFrom(5, 9), { body: ids.map(tradeRow), at: late }, 1_000, 0);
  assert.throws(() => read([]), /may still come/);
  for (const ids of [[5, 6], [6]]) assert.equal(read(ids).upTo, 6, "the others are asked for again");
  assert.deepEqual(read([6]).absent, [[5, 5]]);
  assert.deepEqual(read([6, 10]).absent, [[5, 5], [7, 9]]);

  const range = minutes(3);
  const candlesAt = (body: unknown[], after: number, isAgain = true) =>
    readAnswer(candles, range, { body, at: range.finalAt + after }, 3, 0, isAgain);
  for (const after of [0, 10 * MINUTE - 1]) {
    assert.throws(() => candlesAt([], after), /may still come/);
    const { upTo, absent } = candlesAt([row(1)], after);
    assert.deepEqual([upTo, absent], [start + 2 * MINUTE - 1, [[start, start + MINUTE - 1]]]);
  }
  assert.throws(() => candlesAt([], 60 * MINUTE, false), /may still come/);
  assert.deepEqual(candlesAt([], 10 * MINUTE).absent, [[start, range.last]]);
  assert.deepEqual(candlesAt([0, 1, 2].map(row), 0, false).upTo, range.last);
});

Deno.test("of trades that began before REST reaches back the newer ones are asked for by time, and older ones are not absent", () => {
  const range = { ...idsFrom(5, 3_000), startsAt: late, isCut: true };
  assert.deepEqual(requestFor(trades, range, limits.aggTrades).query, {
    ...{ symbol: "BTCUSDT", startTime: late, limit: 1_000 },
  });
  const read = (ids: number[], limit: number) =>
    readAnswer(trades, range, { body: ids.map(tradeRow), at: late }, limit, 0);
  const found = read([90, 92], 2);
  assert.deepEqual([found.messages.length, found.upTo, found.absent], [2, 92, [[91, 91]]]);
  const rest = restOf(range, found.upTo)!;
  assert.deepEqual(requestFor(trades, rest, limits.aggTrades).query.fromId, 93);
  assert.deepEqual(read([3_001], 2), { messages: [], upTo: 3_000, absent: [] });
  assert.throws(() => read([], 2), /may still come/);
});

Deno.test("an answer that came so late that the exchange may have forgotten its rows is believed only if it lacks nothing", () => {
  const range = { ...idsFrom(5, 7), reachEndsAt: late };
  const read = (ids: number[], at: number) =>
    readAnswer(trades, range, { body: ids.map(tradeRow), at }, 1_000, 0);
  assert.deepEqual(read([8], late).absent, [[5, 7]]);
  for (const ids of [[6, 7], [5, 7], [5, 6, 8], [8]]) assert.throws(() => read(ids, late + 1), /too late/);
  assert.equal(read([5, 6, 7], late + 1).upTo, 7);
});

testWithRecording(
  "rest_answers_2020-2023.jsonl.gz",
  "the exchange's own answers of 2020 to 2023 are read",
  async () => {
    const answers = await readLines<{ path: string; data: unknown }>("rest_answers_2020-2023.jsonl.gz");
    let rows = 0;
    for (const { path, data } of answers) {
      if (path !== usualMarket.paths.klines || !Array.isArray(data)) continue;
      for (const one of data) {
        const [position] = one as number[];
        const range: Range = { ...minutes(1), first: position, last: position };
        const { messages } = readAnswer(candles, range, { body: [one], at: late }, 1, 0);
        assert.deepEqual([messages[0].openTime, messages[0].open], [position, one[1]]);
        rows++;
      }
    }
    assert.ok(rows > 0, `${rows} rows`);
  },
);
