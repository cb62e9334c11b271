import assert from "node:assert/strict";
import fc from "fast-check";
import type { Sql } from "../shared/postgres/mod.ts";
import type { Trade } from "../shared/streams/trade.ts";
import { barOf, barsOf } from "./bars.ts";
import { tidyUp } from "./ticks.ts";
import { tradeDatabase, tradeOf } from "./trades.ts";

/** The stored bars, by symbol, then by time. */
const stored = async (sql: Sql, table: "trade_1s" | "trade_1m", at: "second" | "minute") =>
  (await sql`select * from websocket.${sql(table)} order by symbol, ${sql(at)}`).map((row) => barOf(row, at));

Deno.test("a second without trades has no bar", async () => {
  await using market = await tradeDatabase();
  await market.store(tradeOf(1, "2026-08-10T12:00:00Z"), tradeOf(2, "2026-08-10T12:00:02Z"));
  await market.refresh();
  const seconds = await stored(market.sql, "trade_1s", "second");
  assert.deepEqual(seconds.map(({ at }) => new Date(at).toISOString()), [
    "2026-08-10T12:00:00.000Z",
    "2026-08-10T12:00:02.000Z",
  ]);
});

Deno.test("a bar opens with the least id and closes with the greatest, and counts the aggregated trades and what takers bought", async () => {
  await using market = await tradeDatabase();
  await market.store(
    tradeOf(12, "2026-08-10T12:00:00.999Z", { price: "10.10", qty: "0.3", isBuyerMaker: true }),
    tradeOf(10, "2026-08-10T12:00:00.999Z", { price: "10.20", qty: "0.10", firstTradeId: 5, lastTradeId: 9 }),
    tradeOf(11, "2026-08-10T12:00:00.100Z", { price: "9.90", qty: "0.001" }),
    tradeOf(13, "2026-08-10T12:00:01.000Z", { price: "1" }),
  );
  await market.refresh();
  const [second] = await market.sql`select * from websocket.trade_1s order by second`;
  assert.deepEqual(second, {
    second: new Date("2026-08-10T12:00:00Z"),
    symbol: "BTCUSDT",
    open: "10.20",
    high: "10.20",
    low: "9.90",
    close: "10.10",
    volume: "0.401",
    quote_volume: "4.05990",
    taker_buy_base_volume: "0.101",
    taker_buy_quote_volume: "1.02990",
    num_trades: "9",
  });
});

Deno.test("redelivery changes no bar", async () => {
  await using market = await tradeDatabase();
  const trades = [tradeOf(1, "2026-08-10T12:00:00Z"), tradeOf(2, "2026-08-10T12:00:00.5Z")];
  await market.store(...trades);
  await market.refresh();
  const before = await stored(market.sql, "trade_1s", "second");
  await market.store(...trades);
  await market.refresh();
  assert.deepEqual(await stored(market.sql, "trade_1s", "second"), before);
});

Deno.test("a late trade changes its second's and its minute's bar, though the day of the book is dropped", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  await market.store(tradeOf(1, "2026-08-10T12:00:00Z", { price: "2" }));
  await market.refresh();
  await sql`insert into websocket.dropped_days (source, day) values ('order_book_data', '2026-08-10')`;
  await market.store(tradeOf(2, "2026-08-10T12:00:00.5Z", { price: "3" }));
  await market.refresh();
  for (const table of ["trade_1s", "trade_1m"]) {
    const rows = await sql`select open, close from websocket.${sql(table)}`;
    assert.deepEqual([...rows], [{ open: "2", close: "3" }], table);
  }
});

Deno.test("trades are dropped after 30 days, but not before their bars are made; the bars stay, and a dropped day's are final", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  const count = async (table: string) => (await sql`select from websocket.${sql(table)}`).length;
  await market.clock("2026-08-10T12:00:00Z");
  await tidyUp(sql);
  await market.store(tradeOf(1, "2026-08-10T12:00:00Z"));
  await market.clock("2026-09-10T12:00:00Z");
  await market.store(tradeOf(2, "2026-09-10T12:00:00Z"));
  await tidyUp(sql);
  assert.equal(await count("trade_data"), 2, "not before they are rolled up");
  await market.refresh();
  await tidyUp(sql);
  assert.deepEqual([await count("trade_data"), await count("trade_1s"), await count("trade_1m")], [1, 2, 2]);

  await market.store(tradeOf(3, "2026-08-10T12:00:00.5Z"));
  await market.refresh();
  const [first] = await sql`select volume from websocket.trade_1s order by second`;
  assert.equal(first.volume, "2.507");
});

const price = fc.bigInt({ min: 1n, max: 10n ** 12n }).map((units) =>
  `${units / 10_000n}.${`${units % 10_000n}`.padStart(4, "0")}`
);
const midnight = Date.parse("2026-08-10T00:00:00Z");
const arbitraryTrade: fc.Arbitrary<Trade> = fc.record({
  symbol: fc.constantFrom("BTCUSDT", "1INCHUSDT", "币安人生USDT"),
  aggTradeId: fc.integer({ min: 1, max: 40 }),
  price,
  qty: price,
  isBuyerMaker: fc.boolean(),
  ids: fc.nat(5),
}).map(({ aggTradeId, ids, ...fields }) =>
  // The ids decide the time, as they do at the exchange. Few seconds around midnight: trades meet in one second, in two days.
  tradeOf(aggTradeId, midnight - 2_000 + aggTradeId * 99, { lastTradeId: aggTradeId * 2 + ids, ...fields })
);
const batches = fc.array(fc.array(arbitraryTrade, { minLength: 1, maxLength: 20 }), {
  minLength: 1,
  maxLength: 6,
})
  // A trade is always the same one when it comes again.
  .map((batches) => {
    const known = new Map<string, Trade>();
    const keyOf = ({ symbol, aggTradeId }: Trade) => `${symbol} ${aggTradeId}`;
    for (const trade of batches.flat()) if (!known.has(keyOf(trade))) known.set(keyOf(trade), trade);
    return batches.map((batch) => batch.map((trade) => known.get(keyOf(trade))!));
  });

Deno.test("after any batches, in any order, late ones and repeated ones too, the bars are those of the trades", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  await market.clock("2026-08-09T12:00:00Z");
  await tidyUp(sql);
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(5), async (batches, refreshedAfter) => {
      await sql`truncate websocket.trade_data, websocket.trade_1s, websocket.trade_1m, websocket.stale_trade_seconds,
        websocket.trade_runs`;
      for (const [i, batch] of batches.entries()) {
        await market.store(...batch);
        if (i === refreshedAfter) await market.refresh();
      }
      await market.refresh();
      assert.deepEqual(await stored(sql, "trade_1s", "second"), barsOf(batches.flat(), 1_000));
      assert.deepEqual(await stored(sql, "trade_1m", "minute"), barsOf(batches.flat(), 60_000));
    }),
    { numRuns: 50 },
  );
});
