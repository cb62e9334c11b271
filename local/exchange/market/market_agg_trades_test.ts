import assert from "node:assert/strict";
import fc from "fast-check";
import { type MarketEvent, payloadText } from "../event.ts";
import type { Cut } from "./aggregator.ts";
import { unitsOf } from "./decimal.ts";
import { market, type MarketOptions } from "./market.ts";
import { type Part, sumsByMinute, sumsIn } from "./test_sums.ts";

const startTime = Date.UTC(2026, 9, 1, 12, 0, 30);
const options: MarketOptions = {
  symbols: ["BTCUSDT", "ETHUSDT"],
  intervals: ["1m"],
  rate: 100,
  seed: 1,
  startTime,
};

interface AggTrade extends Part {
  readonly E: number;
  readonly a: number;
  readonly nq: string;
  readonly f: number;
  readonly l: number;
}

/** The payloads of the first `minutes` of a market, by stream. */
function streamsFor(minutes: number, changes: Partial<MarketOptions> = {}) {
  const streams: Record<string, ReturnType<typeof JSON.parse>[]> = {};
  for (const event of market({ ...options, ...changes })) {
    if (event.time > startTime + minutes * 60_000) return streams;
    (streams[event.stream] ??= []).push(JSON.parse(payloadText(event, 0)));
  }
  return streams;
}

/** Minutes whose closed candle is not what the aggregated trades of the minute add up to, of so many. */
function compare(cut: Cut, minutes: number, changes: Partial<MarketOptions>) {
  const streams = streamsFor(minutes, { aggTrades: cut, ...changes });
  let [equal, differs] = [0, 0];
  for (const symbol of options.symbols) {
    const sums = sumsByMinute(streams[`${symbol.toLowerCase()}@aggTrade`] as AggTrade[]);
    for (const { k } of streams[`${symbol.toLowerCase()}@kline_1m`]) {
      if (!k.x || k.n === 0) continue;
      try {
        assert.deepEqual(sums.get(k.t), sumsIn(k));
        equal++;
      } catch {
        differs++;
      }
    }
  }
  return { equal, differs };
}

Deno.test("aggregates that are not cut make candles differ from their trades at some minute's end", () => {
  // In a busy market there is nearly always an aggregate that spans it.
  const { differs } = compare("uncut", 6, { rate: 500 });
  assert.ok(differs > 0);
});

Deno.test("each closed candle is the sum of the aggregated trades of its minute, to the last digit", () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(5, 100), (seed, rate) => {
      const { equal, differs } = compare("cut", 5, { seed, rate });
      assert.equal(differs, 0);
      assert.ok(equal >= 4, `${equal}`);
    }),
    { numRuns: 5 },
  );
  assert.equal(compare("cut", 4, { rate: 500 }).differs, 0);
});

Deno.test("ids are contiguous, first and last trade are the trades' own, nq is less than q where RPI was filled", () => {
  const { "btcusdt@aggTrade": aggregates, "btcusdt@trade": trades } = streamsFor(3, { rate: 1_000 });
  assert.ok(aggregates.length > 1_000);
  assert.ok(aggregates.some(({ f, l }) => l > f));
  assert.ok(aggregates.some(({ q, nq }) => unitsOf(nq) < unitsOf(q)));
  const byId = new Map(trades.map((trade) => [trade.t, trade]));
  (aggregates as AggTrade[]).forEach(({ a, f, l, p, m, T }, i) => {
    if (i > 0) assert.deepEqual([a, f > aggregates[i - 1].l], [aggregates[i - 1].a + 1, true]);
    assert.deepEqual([byId.get(f).T, byId.get(f).p, byId.get(l).p, byId.get(l).m], [T, p, p, m]);
  });
});

Deno.test("an aggregate is sent at most 150 ms late, in order, and before its minute's closing frame", () => {
  const { "btcusdt@aggTrade": aggregates, "btcusdt@kline_1m": candles } = streamsFor(5);
  const closes = new Map(candles.filter(({ k }) => k.x).map(({ E, k }) => [k.t, E]));
  (aggregates as AggTrade[]).forEach(({ E, T }, i) => {
    assert.ok(E >= T && E <= T + 150, `${E - T} ms`);
    assert.ok(i === 0 || E >= aggregates[i - 1].E);
    assert.ok(E <= (closes.get(T - T % 60_000) ?? Infinity));
  });
});

Deno.test("takers buy at the best ask and sell at the best bid that was sent last", () => {
  let best: { b: string; a: string } | undefined;
  let trades = 0;
  const events = market({ ...options, symbols: ["BTCUSDT"] });
  for (let left = 5_000; left > 0; left--) {
    const event: MarketEvent = events.next().value;
    const payload = JSON.parse(payloadText(event, 0));
    if (payload.e === "bookTicker") best = payload;
    if (payload.e !== "trade" || !best) continue;
    assert.equal(payload.p, payload.m ? best.b : best.a);
    trades++;
  }
  assert.ok(trades > 100);
});
