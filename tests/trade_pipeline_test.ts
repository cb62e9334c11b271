import assert from "node:assert/strict";
import type { Feed } from "../local/exchange/feed.ts";
import { fingerprint, pipeline } from "./pipeline.ts";
import { compareWithTruth } from "./truth.ts";
import { until } from "./until.ts";

const feed: Feed = {
  kind: "simulated",
  symbols: ["BTCUSDT", "ETHUSDT", "币安人生USDT"],
  intervals: ["1m"],
  rate: 200,
  seed: 5,
  startTime: Date.UTC(2026, 9, 1),
  messages: 20_000,
};
const right = { lost: 0, doubled: 0, wrong: 0, samples: [] };

Deno.test("a generated market's trades are rows, each field equal; played again, they change nothing, nor their bars", async () => {
  await using line = await pipeline(["trade"], feed);
  const exchange = await line.play();
  const { expected, stored, ...faults } = await compareWithTruth(line.sql, "trade_data", exchange.truth(), {
    eventTime: 9,
  });
  assert.deepEqual([faults, stored], [right, expected]);
  assert.ok(expected > 500, String(expected));
  const current = async () =>
    (await line.sql`select from websocket.stale_trade_seconds limit 1`).length === 0;
  await until("the bars", current);
  const bars = await fingerprint(line.sql, "trade_1m");

  const before = await fingerprint(line.sql, "trade_data");
  await exchange[Symbol.asyncDispose]();
  await using _again = await line.play();
  await until("the bars, a second time", current);
  assert.equal(await fingerprint(line.sql, "trade_data"), before);
  assert.equal(await fingerprint(line.sql, "trade_1m"), bars);
  const { counts } = (await until("counts", () => line.workers["trade:produce"].report()))!;
  // The fast decoder leaves only symbols to the schema that are not ASCII.
  const [{ others }] = await line.sql`
    select count(*)::int as others from websocket.trade_data where symbol = '币安人生USDT'`;
  assert.deepEqual([counts.rejected, counts.dropped, counts.fallbacks], [0, 0, 2 * others]);
});

Deno.test("trades that the exchange does not send are jumps in the ledger, each with its ids; a frame of nonsense is a dead letter", async () => {
  await using line = await pipeline(["trade"], feed);
  await using exchange = await line.play((exchange) => {
    exchange.inject({ fault: "omit", trades: 5, every: 7 });
    exchange.inject({ fault: "garbage", frames: 2, every: 50 });
  });
  const omitted = exchange.status().tradeFaults.map(({ symbol, aggTradeId }) => `${symbol} ${aggTradeId}`);
  assert.equal(omitted.length, 5);
  const told = await until("the jumps", async () => {
    const rows = await line.sql<{ ids: string }[]>`
      select symbol || ' ' || id as ids
      from websocket.gap_data, generate_series(first_id, last_id) as id where stream = 'trade' and cause = 'ids'`;
    return rows.length === omitted.length && rows.map(({ ids }) => ids);
  });
  assert.deepEqual(told.sort(), omitted.sort());
  const { counts } = (await until("counts", () => line.workers["trade:produce"].report()))!;
  assert.equal(counts.rejected, 2);
});
