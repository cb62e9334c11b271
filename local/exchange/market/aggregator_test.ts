import assert from "node:assert/strict";
import fc from "fast-check";
import { type MarketEvent, payloadText } from "../event.ts";
import { createAggregator, type Cut, type TradeText } from "./aggregator.ts";
import { sumsByMinute } from "./test_sums.ts";

const minute = 60_000;
const start = 1_790_000_040_000; // a whole minute

/** Trades that come `at` ms after the start, each sent 4 ms later. */
function aggregate(
  trades: readonly (Partial<TradeText> & { at: number })[],
  cut: Cut = "cut",
): MarketEvent[] {
  const aggregator = createAggregator("BTCUSDT", cut);
  const events = trades.flatMap(({ at, ...fields }, i) => {
    const time = start + at;
    const trade = { id: 100 + i, price: "5.0", quantity: "0.10", takerBuys: true, isRpi: false };
    return [aggregator.dueAt(time), aggregator.add({ ...trade, ...fields, time }, time + 4)];
  });
  return [...events, aggregator.dueAt(Infinity)].filter((event) => event !== undefined);
}
const payloads = (events: MarketEvent[]) => events.map((event) => JSON.parse(payloadText(event, 0)));
/** The trades of each aggregate. */
const ids = (events: MarketEvent[]) => payloads(events).map(({ f, l }) => [f - 100, l - 100]);

Deno.test("trades of another price or side, or 100 ms after the first one, are not joined", () => {
  assert.deepEqual(ids(aggregate([{ at: 0 }, { at: 0, price: "5.1" }, { at: 0 }])), [[0, 0], [1, 1], [2, 2]]);
  assert.deepEqual(ids(aggregate([{ at: 0 }, { at: 0, takerBuys: false }])), [[0, 0], [1, 1]]);
  assert.deepEqual(ids(aggregate([{ at: 0 }, { at: 60 }, { at: 99 }, { at: 100 }])), [[0, 2], [3, 3]]);
});

Deno.test("an aggregate ends with its minute, or goes on into the next one if it is not cut", () => {
  const trades = [{ at: minute - 50 }, { at: minute - 1 }, { at: minute }];
  assert.deepEqual(ids(aggregate(trades, "cut")), [[0, 1], [2, 2]]);
  assert.deepEqual(ids(aggregate(trades, "uncut")), [[0, 2]]);
});

Deno.test("a frame has Binance's fields in Binance's order, T is that of the first trade, nq is without RPI", () => {
  const [event] = aggregate([
    { at: 0, quantity: "0.10" },
    { at: 7, quantity: "0.255", isRpi: true },
    { at: 9, quantity: "1" },
  ]);
  assert.equal(
    payloadText(event, 0),
    `{"e":"aggTrade","E":${start + 150},"a":100,"s":"BTCUSDT","p":"5.0","q":"1.355","nq":"1.10",` +
      `"f":100,"l":102,"T":${start},"m":false,"st":1}`,
  );
  assert.equal(event.stream, "btcusdt@aggTrade");
});

Deno.test("an aggregate is sent when another trade ends it, and 150 ms after its first trade at the latest", () => {
  const lags = (...at: number[]) =>
    payloads(aggregate(at.map((at, i) => ({ at, takerBuys: i % 2 === 0 })))).map(({ E, T }) => E - T);
  assert.deepEqual(lags(0, 0, 40), [4, 44, 150]);
  assert.deepEqual(lags(0, 148), [150, 150]);
  assert.deepEqual(lags(0, 5_000), [150, 150]);
  const aggregator = createAggregator("BTCUSDT", "cut");
  assert.equal(aggregator.dueAt(start), undefined);
  const trade = { id: 1, time: start, price: "1", quantity: "1", takerBuys: true, isRpi: false };
  aggregator.add(trade, start);
  assert.equal(aggregator.dueAt(start + 149), undefined);
  assert.ok(aggregator.dueAt(start + 150));
  assert.equal(aggregator.dueAt(start + 151), undefined);
});

Deno.test("ids of aggregates are contiguous, their trades are all trades in order, and the sums stay the same", () => {
  const trade = fc.record({
    wait: fc.oneof(fc.nat(60), fc.nat(30_000)),
    price: fc.constantFrom("5.0", "5.1", "4.975"),
    quantity: fc.constantFrom("0.001", "12", "3.50"),
    takerBuys: fc.boolean(),
    isRpi: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(trade, { minLength: 1, maxLength: 60 }), (draws) => {
    let at = 0;
    const trades = draws.map(({ wait, ...fields }) => ({ ...fields, at: at += wait }));
    const aggregates = payloads(aggregate(trades));
    let [a, f] = [100, 100];
    for (const one of aggregates) {
      assert.deepEqual([one.a, one.f], [a++, f]);
      f = one.l + 1;
    }
    assert.equal(f, 100 + trades.length);
    const parts = trades.map(({ at, price, quantity, takerBuys }) => ({
      T: start + at,
      p: price,
      q: quantity,
      m: !takerBuys,
    }));
    assert.deepEqual(sumsByMinute(aggregates), sumsByMinute(parts));
  }));
});
