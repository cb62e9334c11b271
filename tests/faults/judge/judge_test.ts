import assert from "node:assert/strict";
import { type BookFrame, type BookRow, judgeBooks } from "./books.ts";
import { judgeCandles, type KlineFrame, type KlineRow, sentKey, valuesOf } from "./candles.ts";
import type { Gap, Interval } from "./gaps.ts";
import { createLedger } from "./ledger.ts";
import { sum } from "./verdict.ts";

const frames: BookFrame[] = [10, 20, 30].map((u) => ({
  ...{ u, s: "BTCUSDT", b: "1.10", B: "5", a: "1.20", A: "6", T: u * 100, E: u * 100 + 1 },
}));
const rowOf = ({ u, s, b, B, a, A, T, E }: BookFrame): BookRow => ({
  ...{ symbol: s, updateId: u, transactionTime: T, eventTime: E },
  ...{ bidPrice: b, bidQty: B, askPrice: a, askQty: A },
});
const rows = frames.map(rowOf);
const FEED = "btcusdt@bookTicker";
const gap = (from: number, to: number, fields: Partial<Gap> = {}): Gap => ({
  ...{ stream: "book", feed: FEED, symbol: "BTCUSDT", from, to, cause: "coverage", state: "lost" },
  ...{ reason: "no heartbeat", dropped: null, ...fields },
});
const ledgerOf = (gaps: readonly Gap[], covered: readonly Interval[] = []) =>
  createLedger({ gaps, covered, unwanted: [] });

async function* each<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* await Promise.resolve(all);
}

/** What the judge counts, without what is 0. */
async function books(some: readonly BookRow[], gaps: readonly Gap[] = [], covered: readonly Interval[] = []) {
  return nonZero(await judgeBooks(each(frames), each(some), ledgerOf(gaps, covered)));
}

function nonZero(counts: object): object {
  return Object.fromEntries(
    Object.entries(counts).filter(([name, count]) => name !== "faults" && count !== 0),
  );
}

Deno.test("a table with exactly what was sent has no fault", async () => {
  assert.deepEqual(await books(rows), { sent: 3, stored: 3 });
});

Deno.test("a missing row of which nobody says anything is untold: the first, the last or one between", async () => {
  for (const i of [0, 1, 2]) {
    assert.deepEqual(await books(rows.toSpliced(i, 1)), { sent: 3, stored: 2, untold: 1 });
  }
});

Deno.test("a missing row that a producer says it received is lost", async () => {
  const covered = [{ feed: FEED, from: 0, to: 9_999 }];
  assert.deepEqual(await books(rows.toSpliced(1, 1), [], covered), { sent: 3, stored: 2, lost: 1 });
  const others = [{ feed: "ethusdt@bookTicker", from: 0, to: 9_999 }, { feed: FEED, from: 0, to: 2_001 }];
  assert.deepEqual(await books(rows.toSpliced(1, 1), [], others), { sent: 3, stored: 2, untold: 1 });
});

Deno.test("a missing row of a feed that nobody wanted is neither", async () => {
  const unwanted = [{ feed: FEED, from: 1_500, to: 2_500 }];
  const ledger = createLedger({ gaps: [], covered: [], unwanted });
  const verdict = await judgeBooks(each(frames), each([rows[0]]), ledger);
  assert.deepEqual(nonZero(verdict), { sent: 3, stored: 1, unwanted: 1, untold: 1 });
});

Deno.test("a missing row within a gap is told of; the gap's beginning belongs to it", async () => {
  const missing = rows.toSpliced(1, 1);
  for (const [from, to] of [[2001, 2002], [1001, 2002], [2001, 3001], [1500, 2500]]) {
    assert.deepEqual(await books(missing, [gap(from, to)]), { sent: 3, stored: 2, inGaps: 1 });
  }
});

Deno.test("a missing row outside the gap, or in that of another feed, is untold", async () => {
  const missing = rows.toSpliced(1, 1);
  const others = [gap(1001, 1990), gap(2012, 3000)];
  for (const feed of ["ethusdt@bookTicker", "btcusdt@kline_1m"]) others.push(gap(1001, 3001, { feed }));
  for (const other of others) {
    assert.deepEqual(await books(missing, [other]), { sent: 3, stored: 2, untold: 1 });
  }
});

Deno.test("a second row of a message is doubled, a row of no message is wrong", async () => {
  const again = { ...rows[1], transactionTime: 7 };
  assert.deepEqual(await books([rows[0], rows[1], again, rows[2]]), { sent: 3, stored: 3, doubled: 1 });
  assert.deepEqual(await books([...rows, again]), { sent: 3, stored: 3, wrong: 1 });
  assert.deepEqual(await books([...rows, rows[2]]), { sent: 3, stored: 3, doubled: 1 });
  for (const updateId of [1, 15, 99]) {
    const invented = [...rows, { ...rows[0], updateId }].sort((a, b) => a.updateId - b.updateId);
    assert.deepEqual(await books(invented), { sent: 3, stored: 3, wrong: 1 });
  }
});

Deno.test("a row that differs in any field is wrong; E may be ahead by a connection's offset", async () => {
  const differences: Partial<BookRow>[] = [
    ...[{ symbol: "ETHUSDT" }, { transactionTime: 1 }, { eventTime: 2000 }, { eventTime: 2011 }],
    ...[{ bidPrice: "1.1" }, { bidQty: "5.0" }, { askPrice: "1.21" }, { askQty: "7" }],
  ];
  for (const difference of differences) {
    const changed = rows.with(1, { ...rows[1], ...difference });
    assert.deepEqual(await books(changed), { sent: 3, stored: 2, wrong: 1 }, JSON.stringify(difference));
  }
  assert.deepEqual(await books(rows.with(1, { ...rows[1], eventTime: 2010 })), { sent: 3, stored: 3 });
});

const kline = (E: number, n: number, x = false): KlineFrame => ({
  E,
  k: {
    ...{ t: 0, T: 59_999, s: "BTCUSDT", i: "1m", f: 1, L: n, o: "1", h: `${n}`, l: "1", c: "2.0", v: `${n}` },
    ...{ n, x, q: "3", V: "1", Q: "2" },
  },
});
const candle = [kline(1_000, 1), kline(1_250, 2), kline(60_300, 2, true)];
const candleRow = (frame: KlineFrame): KlineRow => ({
  ...{ symbol: "BTCUSDT", interval: "1m", openTime: 0, eventTime: frame.E, values: valuesOf(frame) },
});
const KLINE_FEED = "btcusdt@kline_1m";
const candles = (some: readonly KlineRow[], gaps: readonly Gap[] = []) =>
  nonZero(judgeCandles(candle, some, new Set(), ledgerOf(gaps)));

Deno.test("a candle's last frame is its row; those before it were replaced", () => {
  assert.deepEqual(candles([candleRow(candle[2])]), { sent: 3, stored: 3 });
});

Deno.test("frames after the stored one are untold unless they lie in a gap", () => {
  const row = candleRow(candle[1]);
  const missed = gap(1_250, 60_301, { feed: KLINE_FEED });
  assert.deepEqual(candles([row]), { sent: 3, stored: 2, untold: 1 });
  assert.deepEqual(candles([row], [missed]), { sent: 3, stored: 2, inGaps: 1 });
  assert.deepEqual(candles([]), { sent: 3, untold: 3 });
});

Deno.test("a frame that was replaced counts against a gap only if it is on Kafka", () => {
  const early = [kline(40_000, 2), kline(50_000, 3), kline(60_300, 4, true)];
  for (const [sent, faults] of [[[], 0], [[sentKey("BTCUSDT", "1m", 0, 50_003)], 1]] as const) {
    const ledger = ledgerOf([gap(45_000, 60_300, { feed: KLINE_FEED })]);
    judgeCandles(early, [candleRow(early[2])], new Set(sent), ledger);
    assert.equal(ledger.overclaims().length, faults);
  }
});

Deno.test("a candle that differs from all its frames is wrong, and so are a second one and one without a frame", () => {
  const right = candleRow(candle[2]);
  right.values.forEach((_, i) => {
    const changed = { ...right, values: right.values.with(i, "other") };
    assert.deepEqual(candles([changed]), { sent: 3, untold: 3, wrong: 1 });
  });
  assert.deepEqual(candles([right, right]), { sent: 3, stored: 3, doubled: 1 });
  assert.deepEqual(candles([right, { ...right, openTime: 60_000 }]), { sent: 3, stored: 3, wrong: 1 });
});

Deno.test("verdicts add up, and keep the first faults in words", async () => {
  const one = await judgeBooks(each(frames), each([]), ledgerOf([]));
  const both = sum([one, one]);
  assert.deepEqual(nonZero(both), { sent: 6, untold: 6 });
  assert.equal(both.faults.length, 5);
  assert.match(both.faults[0], /^untold: book .*"u":10/);
});
