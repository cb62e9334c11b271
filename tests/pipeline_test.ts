import assert from "node:assert/strict";
import type { Feed } from "../local/exchange/feed.ts";
import { fingerprint, pipeline } from "./pipeline.ts";
import { recordingPath, testWithRecording } from "./recordings.ts";
import { compareWithTruth } from "./truth.ts";
import { until } from "./until.ts";

const right = { lost: 0, doubled: 0, wrong: 0, samples: [] };

const ticks2024 = "usdm_bookTicker_2024-08-08.jsonl.gz";
testWithRecording(
  ticks2024,
  "120,081 recorded book messages become as many rows, each field equal; played again, they change nothing",
  async () => {
    const symbols = ["BTCUSDT", "ETHUSDT"];
    await using line = await pipeline(["book"], {
      kind: "replayed",
      file: recordingPath(ticks2024),
      symbols,
    });
    const exchange = await line.play();
    const comparison = await compareWithTruth(line.sql, "order_book_data", exchange.truth());
    assert.deepEqual(comparison, { expected: 120_081, stored: 120_081, ...right });

    const before = await fingerprint(line.sql, "order_book_data");
    await exchange[Symbol.asyncDispose]();
    await using _again = await line.play();
    assert.equal(await fingerprint(line.sql, "order_book_data"), before);
    const { counts } = (await line.workers["book:consume"].report())!;
    assert.deepEqual([counts.stored, counts.rejected], [240_162, 0]);
  },
);

const candles2021 = "usdm_kline_bookTicker_2021-07-22.jsonl.gz";
testWithRecording(
  candles2021,
  "each candle of 2021 equals its last frame, the four closed ones are closed, and every tick is a row",
  async () => {
    const symbols = ["SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT"];
    const feed: Feed = { kind: "replayed", file: recordingPath(candles2021), symbols };
    await using line = await pipeline(["kline", "book"], feed);
    await using exchange = await line.play();
    const candles = await compareWithTruth(line.sql, "kline_data", exchange.truth());
    assert.deepEqual(candles, { expected: 8, stored: 8, ...right });
    const [{ closed }] = await line.sql`
      select array_agg(symbol order by symbol) as closed from websocket.kline_data where is_closed`;
    assert.deepEqual(closed, symbols.toSorted());
    const ticks = await compareWithTruth(line.sql, "order_book_data", exchange.truth());
    assert.deepEqual(ticks, { expected: 613, stored: 613, ...right });
  },
);

Deno.test("60,000 messages of a generated market of ten symbols: both tables equal the truth", async () => {
  const coins = ["BTC", "ETH", "BNB", "XRP", "SOL", "1INCH", "DOGE", "1000PEPE", "币安人生", "AVAX"];
  const feed: Feed = {
    kind: "simulated",
    symbols: coins.map((coin) => coin + "USDT"),
    intervals: ["1m"],
    rate: 200,
    seed: 3,
    startTime: Date.UTC(2026, 9, 1),
    messages: 60_000,
  };
  const began = Date.now();
  await using line = await pipeline(["kline", "book"], feed);
  await using exchange = await line.play();
  for (
    const [table, kind, stream] of [["kline_data", "kline", "kline"], [
      "order_book_data",
      "bookTicker",
      "book",
    ]] as const
  ) {
    const { expected, stored, ...faults } = await compareWithTruth(line.sql, table, exchange.truth(), {
      eventTime: 9,
    });
    assert.deepEqual([faults, stored], [right, expected]);
    assert.ok(expected > 40);

    const sent = exchange.status().playedByKind[kind];
    const { counts } = await until("counts", () => line.workers[`${stream}:produce`].report());
    const { received, produced, rejected, dropped, merged, duplicate } = counts;
    assert.deepEqual(
      [received, produced, rejected, dropped, merged, duplicate],
      [sent, sent, 0, 0, 0, 0],
    );
    const [row] = await line.sql`
      select min(received_at) as first, max(received_at) as last from websocket.${line.sql(table)}`;
    assert.ok(Number(row.first) >= began && Number(row.last) <= Date.now());
  }
});
