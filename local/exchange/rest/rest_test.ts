import assert from "node:assert/strict";
import { createCandleHistory } from "./candle_history.ts";
import { restReply } from "./rest.ts";

const minute = 60_000;
const start = Date.UTC(2026, 9, 1);
const candles = createCandleHistory();
let tradeId = 29;
const frame = (t: number, c: string, x: boolean) =>
  JSON.stringify({
    e: "kline",
    k: {
      t,
      T: t + minute - 1,
      s: "BTCUSDT",
      i: "1m",
      o: "1.0",
      h: "3.0",
      l: "1.0",
      c,
      v: "5",
      n: 2,
      L: ++tradeId,
      x,
      q: "9",
      V: "1",
      Q: "2",
    },
  });
for (let i = 0; i < 4; i++) candles.add(frame(start + i * minute, `2.${i}`, i < 3));
candles.add(frame(start + 3 * minute, "2.9", false));

const get = (path: string, now = start + 4 * minute - 1) => {
  const url = new URL(path, "http://x");
  return restReply(url.pathname, url.searchParams, { symbols: ["BTCUSDT", "币安人生USDT"], candles, now });
};
const rows = (query: string, now?: number) =>
  get(`/fapi/v1/klines?symbol=BTCUSDT&interval=1m${query}`, now).body as [number, ...string[]][];
const minutes = (query: string) => rows(query).map(([open]) => (open - start) / minute);

Deno.test("faults have Binance's codes", () => {
  const code = (query: string) => {
    const { status, body } = get(`/fapi/v1/klines?${query}`);
    assert.equal(status, 400);
    return (body as { code: number }).code;
  };
  assert.equal(code("interval=1m"), -1102);
  assert.equal(code("symbol=BTCUSDT"), -1102);
  assert.equal(code("symbol=btcusdt&interval=1m"), -1121);
  assert.equal(code("symbol=BTCUSDT&interval=7m"), -1120);
  assert.equal(code("symbol=BTCUSDT&interval=1m&startTime=yesterday"), -1100);
  assert.equal(code("symbol=BTCUSDT&interval=1m&limit=1501"), -1130);
  assert.deepEqual(get("/fapi/v1/klines?symbol=XUSDT&interval=1m").body, {
    code: -1121,
    msg: "Invalid symbol.",
  });
  assert.equal(get("/api/v3/klines").status, 404);
});

Deno.test("klines are rows in order of time, the open candle last and as it was last sent", () => {
  assert.deepEqual(rows("").at(-1), [
    start + 3 * minute,
    "1.0",
    "3.0",
    "1.0",
    "2.9",
    "5",
    start + 4 * minute - 1,
    "9",
    2,
    "1",
    "2",
    "0",
  ]);
  assert.deepEqual(minutes(""), [0, 1, 2, 3]);
});

Deno.test("klines start at startTime, else end with the newest", () => {
  assert.deepEqual(minutes("&limit=2"), [2, 3]);
  assert.deepEqual(minutes(`&limit=2&startTime=${start + 1}`), [1, 2]);
  assert.deepEqual(minutes(`&endTime=${start + 2 * minute}&limit=2`), [1, 2]);
  assert.deepEqual(minutes(`&startTime=${start + minute}&endTime=${start + 2 * minute - 1}`), [1]);
});

Deno.test("minutes in which nothing was sent are there, without trades", () => {
  const [open, last] = rows("", start + 6 * minute).slice(-2);
  assert.deepEqual(open.slice(1, 6), ["2.9", "2.9", "2.9", "2.9", "0"]);
  assert.equal(last[0], start + 6 * minute);
});

Deno.test("an interval of which no candle was made has no rows", () => {
  assert.deepEqual(get("/fapi/v1/klines?symbol=BTCUSDT&interval=1h").body, []);
});

Deno.test("a symbol's ticker tells its last trade, before the first too", () => {
  const ticker = (symbol: string) => get(`/fapi/v1/ticker/24hr?symbol=${symbol}`, 5);
  assert.deepEqual(ticker("BTCUSDT").body, { symbol: "BTCUSDT", lastPrice: "2.9", closeTime: 5, lastId: 34 });
  assert.equal((ticker("币安人生USDT").body as { lastId: number }).lastId, -1);
  assert.equal(ticker("XUSDT").status, 400);
});

Deno.test("exchangeInfo lists what is traded; time and ping are answered", () => {
  const { symbols } = get("/fapi/v1/exchangeInfo").body as { symbols: Record<string, unknown>[] };
  assert.deepEqual(symbols.map(({ symbol, status }) => [symbol, status]), [
    ["BTCUSDT", "TRADING"],
    ["币安人生USDT", "TRADING"],
  ]);
  assert.deepEqual(get("/fapi/v1/time", 5).body, { serverTime: 5 });
  assert.deepEqual(get("/fapi/v1/ping").body, {});
});
