import assert from "node:assert/strict";
import fc from "fast-check";
import type { Trade } from "../shared/streams/trade.ts";
import { tidyUp } from "./ticks.ts";
import { tradeDatabase, tradeOf } from "./trades.ts";

const NOON = Date.parse("2026-08-10T12:00:00Z");
/** Trades of these ids, one a millisecond from noon on. */
const tradesOf = (ids: number[], fields: Partial<Trade> = {}) =>
  ids.map((id) => tradeOf(id, NOON + id, fields));
const jump = (first: number, last: number, symbol = "BTCUSDT") => ({
  symbol,
  first,
  last,
  missing: last - first + 1,
});
/** The gaps of trades as the ledger has them, without those of other causes. */
const coverageGaps = (market: Awaited<ReturnType<typeof tradeDatabase>>) =>
  market.sql`select missing::float8 as missing from websocket.gap_data
    where stream = 'trade' and cause <> 'ids' order by started_at`;

Deno.test("ids without a jump make no gap", async () => {
  await using market = await tradeDatabase();
  await market.store(...tradesOf([5, 6, 7]));
  await market.settle(NOON);
  await market.store(...tradesOf([8, 9]));
  await market.settle(NOON + 60_000);
  assert.deepEqual(await market.jumps(), []);
});

Deno.test("a jump is one gap with its ids and its number, from the trade before to the one after", async () => {
  await using market = await tradeDatabase();
  await market.store(...tradesOf([5, 6, 11]));
  await market.settle(NOON);
  const [gap, ...others] = await market.sql`
    select feed, cause, started_at, ended_at, first_id, last_id, missing, state, dropped from websocket.gap_data`;
  assert.deepEqual({ ...gap }, {
    feed: "btcusdt@aggTrade",
    cause: "ids",
    started_at: new Date(NOON + 6),
    ended_at: new Date(NOON + 12),
    first_id: "7",
    last_id: "10",
    missing: "4",
    state: "unrepaired",
    dropped: null,
  });
  assert.deepEqual(others, []);
});

Deno.test("a jump is told once: what was found is said in words, and nothing is found later", async () => {
  await using market = await tradeDatabase();
  await market.store(...tradesOf([5, 11]), ...tradesOf([1, 3], { symbol: "ETHUSDT" }));
  await market.clock(NOON);
  await market.refresh();
  await market.clock(NOON + 10_000);
  assert.deepEqual(await market.check(), [
    "the ids of trades jump: 5 of BTCUSDT are missing, 1 of ETHUSDT are missing",
  ]);
  await market.store(...tradesOf([5, 11, 12]));
  await market.refresh();
  await market.clock(NOON + 30_000);
  assert.deepEqual(await market.check(), []);
});

Deno.test("a jump is not told while rows may be under way: not within 10 s, nor before the seconds between are read", async () => {
  await using market = await tradeDatabase();
  await market.store(...tradesOf([5, 11]));
  await market.clock(NOON);
  await market.refresh();
  await market.clock(NOON + 9_999);
  await market.check();
  assert.deepEqual(await market.jumps(), []);

  await market.store(...tradesOf([7]));
  await market.clock(NOON + 60_000);
  await market.check();
  assert.deepEqual(await market.jumps(), [], "while the second of the late row is stale");
  await market.refresh();
  await market.clock(NOON + 61_000);
  await market.check();
  assert.deepEqual(await market.jumps(), [jump(6, 6), jump(8, 10)]);
});

Deno.test("jumps within one millisecond are gaps of their own", async () => {
  await using market = await tradeDatabase();
  await market.store(...[1, 3, 6].map((id) => tradeOf(id, NOON)));
  await market.settle(NOON);
  assert.deepEqual(await market.jumps(), [jump(2, 2), jump(4, 5)]);
});

Deno.test("a jump across midnight, between two partitions, is found, and so is one across a day without trades", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  await market.clock("2026-08-10T12:00:00Z");
  await tidyUp(sql);
  await market.store(
    tradeOf(1, "2026-08-10T23:59:59.999Z"),
    tradeOf(3, "2026-08-11T00:00:00.000Z"),
    tradeOf(10, "2026-08-12T23:00:00Z"),
  );
  const partitions = await sql`select distinct tableoid::regclass::text as name from websocket.trade_data`;
  assert.equal(partitions.length, 3);
  await market.settle("2026-08-12T23:00:00Z");
  assert.deepEqual(await market.jumps(), [jump(2, 2), jump(4, 9)]);
});

Deno.test("late rows shrink a jump, split it and close it", async () => {
  await using market = await tradeDatabase();
  await market.store(...tradesOf([1, 10]));
  await market.settle(NOON);
  assert.deepEqual(await market.jumps(), [jump(2, 9)]);
  const steps: [number[], ReturnType<typeof jump>[]][] = [
    [[2], [jump(3, 9)]],
    [[9], [jump(3, 8)]],
    [[5, 6], [jump(3, 4), jump(7, 8)]],
    [[4, 3], [jump(7, 8)]],
    [[8, 7], []],
  ];
  for (const [ids, left] of steps) {
    await market.store(...tradesOf(ids));
    await market.refresh();
    await market.check();
    assert.deepEqual(await market.jumps(), left, `after ${ids}`);
  }
});

Deno.test("what one producer lacks and a second one delivers is no jump", async () => {
  await using market = await tradeDatabase();
  await market.store(...tradesOf([1, 2, 3, 7, 8]));
  await market.clock(NOON);
  await market.refresh();
  // The second producer's messages come later, and most of them are there already.
  await market.store(...tradesOf([2, 3, 4, 5, 6, 7]));
  await market.refresh();
  await market.clock(NOON + 60_000);
  await market.check();
  assert.deepEqual(await market.jumps(), []);
});

Deno.test("a jump within a gap of coverage, or of Kafka, fills that gap's number and adds no gap, whichever is told first", async () => {
  for (
    const [isGapFirst, cause] of [[true, "coverage"], [false, "coverage"], [true, "kafka"], [
      false,
      "kafka",
    ]] as const
  ) {
    await using market = await tradeDatabase();
    const gap = () =>
      market.sql`insert into websocket.gap_data (stream, feed, symbol, cause, started_at, ended_at, reason)
        values ('trade', 'btcusdt@aggTrade', 'BTCUSDT', ${cause}, ${new Date(NOON + 155)}, ${new Date(
        NOON + 200,
      )}, 'lost connection')`;
    await market.clock(NOON);
    if (isGapFirst) await gap();
    await market.store(...tradesOf([1, 5, 20]), tradeOf(30, NOON + 9_000));
    await market.settle(NOON);
    if (!isGapFirst) {
      assert.deepEqual(await market.jumps(), [jump(2, 4), jump(6, 19), jump(21, 29)]);
      await gap();
      await market.check();
    }
    assert.deepEqual([...await coverageGaps(market)], [{ missing: 26 }]);
    assert.deepEqual(await market.jumps(), []);
  }
});

Deno.test("a gap of coverage has no number before a jump is found, and 0 once late rows have filled it", async () => {
  await using market = await tradeDatabase();
  await market.clock(NOON);
  await market.sql`insert into websocket.gap_data (stream, feed, symbol, cause, started_at, ended_at, reason)
    values ('trade', 'btcusdt@aggTrade', 'BTCUSDT', 'coverage', ${new Date(NOON + 155)}, ${new Date(
    NOON + 200,
  )}, 'stopped')`;
  await market.store(...tradesOf([1]));
  await market.settle(NOON);
  assert.deepEqual([...await coverageGaps(market)], [{ missing: null }]);
  await market.store(...tradesOf([4]));
  await market.settle(NOON + 20_000);
  assert.deepEqual([...await coverageGaps(market)], [{ missing: 2 }]);
  await market.store(...tradesOf([2, 3]));
  await market.settle(NOON + 40_000);
  assert.deepEqual([...await coverageGaps(market)], [{ missing: 0 }]);
});

Deno.test("a gap of coverage that turns out to be covered leaves its jump as a gap of its own", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  await market.clock(NOON);
  await sql`insert into websocket.gap_data (stream, feed, symbol, cause, started_at, ended_at, reason)
    values ('trade', 'btcusdt@aggTrade', 'BTCUSDT', 'coverage', ${new Date(NOON + 155)}, ${new Date(
    NOON + 200,
  )}, 'stopped')`;
  await market.store(...tradesOf([1, 5]));
  await market.settle(NOON);
  assert.deepEqual(await market.jumps(), []);
  await sql`delete from websocket.gap_data where cause = 'coverage'`;
  await market.check();
  assert.deepEqual(await market.jumps(), [jump(2, 4)]);
});

Deno.test("a jump that the exchange does not have either stays absent while it is the same", async () => {
  await using market = await tradeDatabase();
  const { sql } = market;
  const states = async () =>
    (await sql`select state from websocket.gap_data order by first_id`).map(({ state }) => state);
  await market.store(...tradesOf([1, 5]));
  await market.settle(NOON);
  await sql`update websocket.gap_data set state = 'absent'`;
  await market.store(...tradesOf([5, 6, 8]));
  await market.settle(NOON + 60_000);
  assert.deepEqual(await states(), ["absent", "unrepaired"]);
});

const stored = fc.record({
  symbol: fc.constantFrom("BTCUSDT", "币安人生USDT"),
  id: fc.integer({ min: 1, max: 30 }),
});
const batches = fc.array(fc.array(stored, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });

Deno.test("after any batches, in any order, the jumps are the ids that are missing between the stored ones", async () => {
  await using market = await tradeDatabase();
  await fc.assert(
    fc.asyncProperty(
      batches,
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      async (batches, isRefreshed) => {
        await market
          .sql`truncate websocket.trade_data, websocket.trade_1s, websocket.trade_1m, websocket.stale_trade_seconds,
        websocket.trade_runs, websocket.stale_trade_ids, websocket.gap_data`;
        await market.clock(NOON);
        for (const [i, batch] of batches.entries()) {
          // A second has three ids, so that a refresh reads several of them.
          await market.store(...batch.map(({ symbol, id }) => tradeOf(id, NOON + id * 333, { symbol })));
          if (isRefreshed[i]) await market.refresh();
          if (isRefreshed[i]) await market.check();
        }
        await market.settle(NOON + 60_000);
        const missing = (symbol: string) => {
          const ids = [...new Set(batches.flat().filter((one) => one.symbol === symbol).map(({ id }) => id))]
            .sort((a, b) => a - b);
          return ids.slice(1).flatMap((id, i) => id === ids[i] + 1 ? [] : [jump(ids[i] + 1, id - 1, symbol)]);
        };
        assert.deepEqual(await market.jumps(), [...missing("BTCUSDT"), ...missing("币安人生USDT")]);
      },
    ),
    { numRuns: 60 },
  );
});
