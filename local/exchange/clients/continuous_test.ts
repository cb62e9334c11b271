import assert from "node:assert/strict";
import { payloadText } from "../event.ts";
import { continuousKline, continuousName } from "./continuous.ts";

const name = "btcusdt_perpetual@continuousKline_1m";

Deno.test("only candles have a continuous stream", () => {
  assert.equal(continuousName("btcusdt@bookTicker"), undefined);
  assert.equal(continuousName("btcusdt@kline_1m"), name);
  assert.equal(continuousName("btcusdt_261225@kline_1h"), "btcusdt_current_quarter@continuousKline_1h");
});

Deno.test("a continuous candle names the contract in place of the symbol, however it was written", () => {
  const stream = "btcusdt@kline_1m";
  const tail = ',"s":"BTCUSDT","k":{"t":0, "s":"BTCUSDT", "i":"1m", "c":"1.50", "x":true}}';
  const simulated = { stream, time: 5, head: '{"e":"kline","E":', tail };
  const replayed = { stream, time: 5, head: '{ "e": "kline", "E": 5' + tail };
  for (const event of [simulated, replayed]) {
    const continuous = continuousKline(event, name);
    assert.equal(continuous.stream, name);
    assert.deepEqual(JSON.parse(payloadText(continuous, 0)), {
      e: "continuous_kline",
      E: 5,
      ps: "BTCUSDT",
      ct: "PERPETUAL",
      k: { t: 0, i: "1m", c: "1.50", x: true },
    });
  }
});
