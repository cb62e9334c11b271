import assert from "node:assert/strict";
import { readConfig } from "../../shared/config/config.ts";
import { listStreams } from "../../shared/list_streams.ts";
import { until } from "../../tests/until.ts";
import { withEnvironment } from "../testing.ts";
import { startLocalExchange } from "./exchange.ts";

Deno.test("a simulated exchange makes candles of the intervals that the streams read, and of no other", async () => {
  await withEnvironment({ KLINE_INTERVALS: "5m,15m" }, async () => {
    const options = { rate: 1_000, json: false, help: false };
    const config = readConfig({ SYMBOLS: "BTCUSDT" });
    const feed = { kind: "simulated" } as const;
    await using local = await startLocalExchange(feed, options, await listStreams(), config, true);
    const { exchange } = local!;
    exchange.start();
    await until("candles", () => exchange.status().playedByKind.kline > 10);
    exchange.pause();
    const candles = new Set<string>();
    for await (const { stream } of exchange.truth()) if (stream.includes("kline")) candles.add(stream);
    assert.deepEqual([...candles].sort(), ["btcusdt@kline_15m", "btcusdt@kline_5m"]);
  });
});
