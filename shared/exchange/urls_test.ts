import assert from "node:assert/strict";
import { connectionsOf, MOST_FEEDS } from "./urls.ts";

Deno.test("no connection has more than 200 feeds, and every feed is on one", () => {
  const names = Array.from({ length: 2 * MOST_FEEDS + 1 }, (_, i) => `coin${i}usdt@bookTicker`);
  const connections = connectionsOf("wss://exchange", "/public", names);
  assert.deepEqual(connections.map(({ feeds }) => feeds.length), [200, 200, 1]);
  assert.deepEqual(connections.flatMap(({ feeds }) => feeds), names);
  assert.deepEqual(
    connections.map(({ url }) => new URL(url).searchParams.get("streams")!.split("/").length),
    [
      200,
      200,
      1,
    ],
  );
});

Deno.test("a connection's URL has its route, and names of any script", () => {
  const [connection] = connectionsOf("ws://127.0.0.1:1", "/market", [
    "btcusdt@kline_1m",
    "币安人生usdt@kline_1m",
  ]);
  assert.equal(
    connection.url,
    "ws://127.0.0.1:1/market/stream?streams=btcusdt@kline_1m/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@kline_1m",
  );
  assert.deepEqual(connectionsOf("ws://x", "/market", []), []);
});
