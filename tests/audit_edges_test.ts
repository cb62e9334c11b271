import assert from "node:assert/strict";
import fc from "fast-check";
import { createAggregator } from "../local/exchange/market/aggregator.ts";
import type { Kline } from "../shared/streams/kline.ts";
import { type Trade, trade as stream } from "../shared/streams/trade.ts";
import { auditDatabase, candleOf } from "./audits.ts";
import { tradeOf } from "./trades.ts";

const NOON = Date.parse("2026-08-10T12:00:00Z");
const MINUTE = 60_000;
/** Later than all that the tests store. */
const LATER = NOON + 120 * MINUTE;
const minuteOf = ({ tradeTime }: Trade) => Math.floor(tradeTime / MINUTE) * MINUTE;

/**
 * A trade as the exchange knows it: `step` ms after the one before it. A negative step leads to so long before the end of the minute, if
 * that is later.
 */
const arbitraryRaw = fc.record({
  step: fc.constantFrom(1, 30, 61, 400, 9_000, 61_000, -1, -40, -99),
  price: fc.constantFrom("10.1", "10.2", "10.3"),
  quantity: fc.integer({ min: 1, max: 9 }).map((units) => `0.${units}`),
  takerBuys: fc.boolean(),
});
interface Raw {
  readonly step: number;
  readonly price: string;
  readonly quantity: string;
  readonly takerBuys: boolean;
}

const after = (time: number, step: number) =>
  step >= 0 ? time + step : Math.max(time, Math.ceil((time + 1) / MINUTE) * MINUTE + step);

/** What the exchange sends of trades: aggregates that may go on into the next minute, and exact candles. */
function marketOf(raw: readonly Raw[], hasIds: boolean): { sent: Trade[]; made: Kline[] } {
  const aggregator = createAggregator("BTCUSDT", "uncut");
  let time = NOON - 5_000;
  const single = raw.map((one, i) => ({
    ...one,
    time: time = after(time, one.step),
    id: i + 1,
    isRpi: false,
  }));
  const events = [
    ...single.map((one) => aggregator.add(one, one.time + 10)),
    aggregator.dueAt(Infinity),
  ].filter((event) => event !== undefined);
  const sent = events.flatMap(({ head, time, tail }) => {
    const payload = stream.feed!.wire.parse(JSON.parse(head + time + tail));
    return stream.feed!.toMessages(payload, time);
  });
  const alone = single.map(({ id, time, price, quantity, takerBuys }) =>
    tradeOf(id, time, { price, qty: quantity, isBuyerMaker: !takerBuys, firstTradeId: id, lastTradeId: id })
  );
  const ids = hasIds ? {} : { firstTradeId: null, lastTradeId: null };
  const made = [...Map.groupBy(alone, minuteOf)].map(([minute, own]) => candleOf(minute, own, ids));
  return { sent, made };
}

const arbitraryMarket = fc.tuple(
  fc.array(arbitraryRaw, { minLength: 1, maxLength: 60, size: "max" }),
  fc.boolean(),
);

Deno.test("aggregated trades that go on into the next minute make edges and never a difference", async () => {
  await using market = await auditDatabase();
  let edges = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryMarket, async ([raw, hasIds]) => {
      await market.clear();
      const { sent, made } = marketOf(raw, hasIds);
      await market.clock(NOON);
      await market.store(...sent);
      await market.storeCandles(...made);
      assert.deepEqual(await market.audit(LATER), []);
      const {
        present,
        judged = 0,
        equal_trades = 0,
        edge = 0,
        differs = 0,
        without_trades = 0,
        waiting = 0,
      } = await market
        .counts();
      assert.deepEqual([present, differs], [made.length, 0]);
      assert.equal(judged, equal_trades + edge);
      assert.equal(present, judged + without_trades + waiting);
      assert.ok(without_trades <= 1 && waiting <= 2);
      edges += edge;
    }),
    { numRuns: 60 },
  );
  assert.ok(edges > 10, `${edges} edges`);
});

Deno.test("where as much moves in as out, of the same price and side, only the open differs, and that is an edge of both", async () => {
  await using market = await auditDatabase();
  const raw = ([[-1, "10.3", true], [1, "10.3", true], [1, "10.1", false]] as const)
    .map(([step, price, takerBuys]) => ({ step, price, takerBuys, quantity: "0.1" }));
  for (const hasIds of [false, true]) {
    await market.clear();
    const { sent, made } = marketOf([...raw, ...raw, { ...raw[2], step: 61_000 }], hasIds);
    await market.clock(NOON);
    await market.store(...sent);
    await market.storeCandles(...made);
    assert.deepEqual(await market.audit(LATER), []);
    const [{ at, verdict, detail }] = await market.unequal();
    assert.deepEqual([+at, verdict], [NOON, "edge"]);
    assert.deepEqual(detail.candle, { open: 10.3 });
    assert.deepEqual([detail.head, detail.tail], [{ agg_trade_id: 1 }, { agg_trade_id: 3 }]);
  }
});

Deno.test("what moves out of a minute must move into the next one: else both differ", async () => {
  await using market = await auditDatabase();
  // The first is older than the minutes. The aggregates of ids 3 and 4, and of ids 6 and 7, span a boundary.
  const steps = [0, 6_000, 58_950, 60, 5_000, 54_950, 60, 5_000, 60_000];
  const raw = steps.map((step, i) => ({
    step,
    price: i === 5 || i === 6 ? "10.2" : "10.1",
    quantity: "0.5",
    takerBuys: true,
  }));
  const { sent, made } = marketOf(raw, true);
  assert.deepEqual(sent.map(({ firstTradeId, lastTradeId }) => lastTradeId - firstTradeId), [
    0,
    0,
    1,
    0,
    1,
    0,
    0,
  ]);
  for (
    const [altered, verdicts] of [[undefined, ["edge", "edge", "edge"]], [1, [
      "differs",
      "differs",
      "edge",
    ]]] as const
  ) {
    await market.clear();
    await market.clock(NOON);
    await market.store(...sent.map((one, i) => i === altered ? { ...one, qty: "0.4" } : one));
    await market.storeCandles(...made);
    await market.audit(LATER);
    assert.deepEqual((await market.unequal()).map(({ verdict }) => verdict), verdicts, `${altered}`);
  }
});
