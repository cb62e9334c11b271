import assert from "node:assert/strict";
import { usualMarket } from "../../../shared/exchange/markets/mod.ts";
import { createCandleHistory } from "./candle_history.ts";
import { createNewest } from "./newest.ts";
import { createRest } from "./rest.ts";
import { createTradeHistory } from "./trade_history.ts";

const hour = 60 * 60_000;
const now = Date.UTC(2026, 9, 2);
const trades = createTradeHistory();
const row = (a: number, T: number) => ({
  a,
  p: "2.0",
  q: "1.5",
  nq: "1.0",
  f: 2 * a,
  l: 2 * a + 1,
  T,
  m: true,
});
const add = (a: number, T: number) =>
  trades.add(JSON.stringify({ e: "aggTrade", E: T + 150, s: "BTCUSDT", ...row(a, T), st: 1 }));
/** One trade every 100 s of the last 30 hours, the last one at `now` with the id `last`. */
const last = 1_000_000;
for (let second = 30 * 3_600; second >= 0; second -= 100) add(last - second / 100, now - second * 1_000);

const books = {
  market: usualMarket,
  symbols: ["BTCUSDT", "ETHUSDT"],
  candles: createCandleHistory(),
  trades,
  newest: createNewest(),
  now,
};
const get = (query: string, rest = createRest(books)) =>
  rest("GET", usualMarket.paths.aggTrades, new URLSearchParams(query));
const ids = (query: string) => (get(`symbol=BTCUSDT&${query}`).body as { a: number }[]).map(({ a }) => a);

Deno.test("requests that Binance refuses have its codes", () => {
  for (
    const [query, status, code] of [
      ["", 400, -1102],
      ["symbol=XUSDT", 400, -1121],
      ["symbol=BTCUSDT&fromId=first", 400, -1100],
      ["symbol=BTCUSDT&startTime=-1", 400, -1100],
      ["symbol=BTCUSDT&limit=1001", 400, -1130],
      ["symbol=BTCUSDT&limit=0", 400, -1130],
      [`symbol=BTCUSDT&startTime=${now}&endTime=${now - 1}`, 400, -1023],
      [`symbol=BTCUSDT&startTime=${now - hour}&endTime=${now}`, 400, -1127],
      [`symbol=BTCUSDT&fromId=${last}&startTime=${now}`, 408, -1007],
      [`symbol=BTCUSDT&fromId=${last}&endTime=${now}`, 408, -1007],
    ] as const
  ) {
    const reply = get(query);
    assert.deepEqual([reply.status, (reply.body as { code: number }).code], [status, code], query);
  }
});

Deno.test("trades older than 24 hours are not answered, even if they are asked for by id or time", () => {
  const oldest = last - 24 * 36;
  assert.deepEqual(ids("fromId=0&limit=1"), [oldest]);
  assert.deepEqual(ids("startTime=0&limit=1"), [oldest]);
  assert.deepEqual(ids(`startTime=${now - 25 * hour + 1}&endTime=${now - 24 * hour - 1}`), []);
});

Deno.test("rows begin at fromId or startTime, both inclusive, else they are the newest, 500 of them", () => {
  assert.equal(ids("").length, 500);
  assert.deepEqual(ids("limit=2"), [last - 1, last]);
  assert.deepEqual(ids(`fromId=${last - 3}&limit=2`), [last - 3, last - 2]);
  assert.deepEqual(ids(`startTime=${now - 200_000}`), [last - 2, last - 1, last]);
  assert.deepEqual(ids(`endTime=${now - 100_000}&limit=2`), [last - 2, last - 1]);
  const [from, to] = [now - hour, now - 1];
  assert.deepEqual(
    ids(`startTime=${from}&endTime=${to}&limit=1000`),
    Array.from({ length: 36 }, (_, i) => last - 36 + i),
  );
});

Deno.test("a row has Binance's fields in Binance's order; a symbol without trades has none", () => {
  const { body } = get("symbol=BTCUSDT&limit=1");
  assert.equal(JSON.stringify(body), JSON.stringify([row(last, now)]));
  assert.deepEqual(get("symbol=ETHUSDT"), {
    status: 200,
    body: [],
    headers: { "X-MBX-USED-WEIGHT-1M": "20" },
  });
});

Deno.test("of many trades of a symbol the newest are kept", () => {
  const few = createTradeHistory(2);
  for (let a = 1; a <= 5; a++) few.add(JSON.stringify({ s: "BTCUSDT", ...row(a, a) }));
  few.add(JSON.stringify({ s: "ETHUSDT", ...row(9, 9) }));
  assert.deepEqual(few.rows("BTCUSDT").map(({ a }) => a), [3, 4, 5]);
  assert.deepEqual(few.rows("ETHUSDT").length, 1);
});

Deno.test("each answer says what was used of the weight within the minute, refused requests included", () => {
  let time = now;
  const rest = createRest(books, () => time);
  const used = (path: keyof typeof usualMarket.paths, query = "") =>
    Number(rest("GET", usualMarket.paths[path], new URLSearchParams(query)).headers!["X-MBX-USED-WEIGHT-1M"]);
  assert.equal(used("aggTrades", "symbol=BTCUSDT"), 20);
  assert.equal(used("aggTrades"), 40);
  time += 59_999;
  assert.equal(used("ping"), 41);
  time += 1;
  assert.equal(used("ping"), 1);
  const cost = (...request: Parameters<typeof used>) => {
    time += 60_000;
    return used(...request);
  };
  const klines = [99, 100, 499, 500, 1_000, 1_001, 1_500].map((limit) => cost("klines", `limit=${limit}`));
  assert.deepEqual([...klines, cost("klines")], [1, 2, 2, 5, 5, 10, 10, 5]);
  const depths = [5, 50, 100, 500, 1_000].map((limit) => cost("depth", `limit=${limit}`));
  assert.deepEqual([...depths, cost("depth")], [2, 2, 5, 10, 20, 10]);
  assert.deepEqual([cost("ticker24h", "symbol=BTCUSDT"), cost("ticker24h")], [1, 40]);
});
