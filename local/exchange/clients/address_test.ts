import assert from "node:assert/strict";
import { parseAddress } from "./address.ts";

Deno.test("a path that Binance does not have is no address", () => {
  for (const path of ["/", "/secret/ws", "/market", "/market/stream/btcusdt@trade", "/rest/v1/time"]) {
    assert.equal(parseAddress(path), undefined, path);
  }
});

Deno.test("broken percent-encoding throws", () => {
  assert.throws(() => parseAddress("/ws/%E5%B8"), URIError);
});

Deno.test("each form of address is read", () => {
  assert.deepEqual(parseAddress("/market/stream?streams=a@kline_1m/b@kline_1m"), {
    route: "market",
    isCombined: true,
    streams: ["a@kline_1m", "b@kline_1m"],
  });
  assert.deepEqual(parseAddress("/public/ws/a@bookTicker/b@bookTicker"), {
    route: "public",
    isCombined: false,
    streams: ["a@bookTicker", "b@bookTicker"],
  });
  assert.deepEqual(parseAddress("/private/stream?streams="), {
    route: "private",
    isCombined: true,
    streams: [],
  });
  assert.deepEqual(parseAddress("/stream"), { route: "unrouted", isCombined: true, streams: [] });
  assert.deepEqual(parseAddress("/ws"), { route: "unrouted", isCombined: false, streams: [] });
});

Deno.test("names come percent-encoded, each by itself or all together", () => {
  const name = "币安人生usdt@bookTicker";
  assert.deepEqual(parseAddress(`/public/stream?streams=${encodeURIComponent(name)}/x`)?.streams, [
    name,
    "x",
  ]);
  const both = "btcusdt@kline_1m/ethusdt@kline_1m";
  assert.deepEqual(
    parseAddress(`/market/stream?streams=${encodeURIComponent(both)}&timeUnit=x`)?.streams,
    both.split("/"),
  );
  assert.deepEqual(parseAddress(new URL(`ws://x/public/ws/${name}`).pathname)?.streams, [name]);
});
