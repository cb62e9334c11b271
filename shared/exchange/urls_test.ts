import assert from "node:assert/strict";
import { linesOf, MOST_STREAMS } from "./urls.ts";

Deno.test("no connection has more than 200 streams, and every stream is on one", () => {
  const names = Array.from({ length: 2 * MOST_STREAMS + 1 }, (_, i) => `coin${i}usdt@bookTicker`);
  const lines = linesOf("wss://exchange", "/public", names);
  assert.deepEqual(lines.map(({ streams }) => streams.length), [200, 200, 1]);
  assert.deepEqual(lines.flatMap(({ streams }) => streams), names);
  assert.deepEqual(lines.map(({ url }) => new URL(url).searchParams.get("streams")!.split("/").length), [
    200,
    200,
    1,
  ]);
});

Deno.test("a line's URL has its route, and names of any script", () => {
  const [line] = linesOf("ws://127.0.0.1:1", "/market", ["btcusdt@kline_1m", "币安人生usdt@kline_1m"]);
  assert.equal(
    line.url,
    "ws://127.0.0.1:1/market/stream?streams=btcusdt@kline_1m/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@kline_1m",
  );
  assert.deepEqual(linesOf("ws://x", "/market", []), []);
});
