import assert from "node:assert/strict";
import { usualMarket } from "../../shared/exchange/markets/mod.ts";
import { intervalOf, isServed, kindOf, payloadText, type Route, symbolOf } from "./event.ts";

const served = (stream: string, route: Route) => isServed(stream, route, usualMarket.publicKinds);

Deno.test("book, depth and trade streams are public, all others belong to the market", () => {
  for (
    const stream of [
      "btcusdt@bookTicker",
      "btcusdt@depth@100ms",
      "btcusdt@depth5",
      "btcusdt@trade",
      "!bookTicker",
    ]
  ) {
    assert.deepEqual([served(stream, "public"), served(stream, "market")], [true, false], stream);
    assert.ok(served(stream, "unrouted"), stream);
  }
  for (const stream of ["btcusdt@kline_1m", "btcusdt@aggTrade", "btcusdt@markPrice@1s", "!forceOrder@arr"]) {
    assert.deepEqual([served(stream, "public"), served(stream, "market")], [false, true], stream);
    assert.ok(!served(stream, "unrouted"), stream);
  }
});

Deno.test("a stream's name has its kind and its symbol", () => {
  assert.deepEqual([kindOf("btcusdt_260925@kline_1m"), symbolOf("btcusdt_260925@kline_1m")], [
    "kline",
    "BTCUSDT_260925",
  ]);
  assert.deepEqual([kindOf("币安人生usdt@depth20@100ms"), symbolOf("币安人生usdt@trade")], [
    "depth",
    "币安人生USDT",
  ]);
});

Deno.test("only a candle's stream names an interval", () => {
  assert.equal(intervalOf("btcusdt@kline_1m"), "1m");
  for (const stream of ["btcusdt@bookTicker", "btcusdt@depth@100ms", "!forceOrder@arr"]) {
    assert.equal(intervalOf(stream), undefined, stream);
  }
});

Deno.test("a connection's offset moves E, but not that of a recorded payload", () => {
  const generated = { stream: "a@trade", time: 5, head: '{"E":', tail: ',"T":5}' };
  assert.equal(payloadText(generated, 3), '{"E":8,"T":5}');
  assert.equal(payloadText({ stream: "a@trade", time: 5, head: '{"E":5}' }, 3), '{"E":5}');
});
