import assert from "node:assert/strict";
import { usualMarket } from "../../../shared/exchange/markets/mod.ts";
import { createCandleHistory } from "./candle_history.ts";
import { createNewest } from "./newest.ts";
import { createRest } from "./rest.ts";
import { createTradeHistory } from "./trade_history.ts";

const { paths } = usualMarket;

const minute = 60_000;
const start = Date.UTC(2026, 9, 1);
const candles = createCandleHistory();
const newest = createNewest();
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
      f: tradeId,
      L: ++tradeId,
      x,
      q: "9",
      V: "1",
      Q: "2",
    },
  });
for (let i = 0; i < 4; i++) candles.add(frame(start + i * minute, `2.${i}`, i < 3));
candles.add(frame(start + 3 * minute, "2.9", false));

newest.add({
  stream: "btcusdt@bookTicker",
  time: start,
  head: '{"e":"bookTicker","u":7,"s":"BTCUSDT","b":"2.0","B":"5","a":"2.1","A":"6","T":3,"E":4}',
});
newest.add({ stream: "btcusdt@trade", time: start, head: '{"e":"trade","E":4,"q":"1.5"}' });

const symbols = ["BTCUSDT", "币安人生USDT", "BTCUSDT_261225"];
const get = (path: string, now = start + 4 * minute - 1, method = "GET") => {
  const url = new URL(path, "http://x");
  const books = { market: usualMarket, symbols, candles, trades: createTradeHistory(), newest, now };
  const { status, body } = createRest(books)(method, url.pathname, url.searchParams);
  return { status, body };
};
const rows = (query: string, now?: number) =>
  get(`${paths.klines}?symbol=BTCUSDT&interval=1m${query}`, now).body as [number, ...string[]][];
const minutes = (query: string) => rows(query).map(([open]) => (open - start) / minute);

Deno.test("faults have Binance's codes", () => {
  const code = (query: string) => {
    const { status, body } = get(`${paths.klines}?${query}`);
    assert.equal(status, 400);
    return (body as { code: number }).code;
  };
  assert.equal(code("interval=1m"), -1102);
  assert.equal(code("symbol=BTCUSDT"), -1102);
  assert.equal(code("symbol=btcusdt&interval=1m"), -1121);
  assert.equal(code("symbol=BTCUSDT&interval=7m"), -1120);
  assert.equal(code("symbol=BTCUSDT&interval=1m&startTime=yesterday"), -1100);
  assert.equal(code("symbol=BTCUSDT&interval=1m&limit=1501"), -1130);
  assert.deepEqual(get(`${paths.klines}?symbol=XUSDT&interval=1m`).body, {
    code: -1121,
    msg: "Invalid symbol.",
  });
  assert.equal(code("symbol=BTCUSDT&interval=1m&startTime=2&endTime=1"), -1023);
  const path = paths.time;
  assert.deepEqual(get("/api/v3/klines").status, 404);
  assert.deepEqual(get(path, 5, "POST"), {
    status: 404,
    body: { code: -5000, msg: `Path ${path}, Method POST is invalid` },
  });
  for (
    const [target, code] of [
      [`${paths.depth}?limit=5`, -1102],
      [`${paths.depth}?symbol=XUSDT`, -1121],
      [`${paths.depth}?symbol=BTCUSDT&limit=7`, -4021],
      [`${paths.bookTicker}?symbol=XUSDT`, -1121],
      [`${paths.continuousKlines}?pair=BTCUSDT&interval=1m`, -1102],
      [`${paths.continuousKlines}?contractType=PERPETUAL&interval=1m`, -1102],
      [`${paths.continuousKlines}?pair=BTCUSDT&contractType=ETERNAL&interval=1m`, -4104],
      [`${paths.continuousKlines}?pair=XUSDT&contractType=PERPETUAL&interval=1m`, -4144],
    ] as const
  ) {
    const { status, body } = get(target);
    assert.deepEqual([status, (body as { code: number }).code], [400, code], target);
  }
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
  assert.deepEqual(get(`${paths.klines}?symbol=BTCUSDT&interval=1h`).body, []);
});

Deno.test("parameters that a path does not know are ignored", () => {
  assert.deepEqual(rows("&colour=blue"), rows(""));
});

Deno.test("continuous candles are the candles of the contract", () => {
  const continuous = (type: string) =>
    get(`${paths.continuousKlines}?pair=BTCUSDT&contractType=${type}&interval=1m`).body;
  assert.deepEqual(continuous("PERPETUAL"), rows(""));
  assert.deepEqual(continuous("CURRENT_QUARTER"), []);
  assert.deepEqual(continuous("NEXT_QUARTER"), []);
});

Deno.test("a symbol's ticker covers its last 24 hours, also before the first trade", () => {
  const now = start + 4 * minute - 1;
  const ticker = (symbol: string) => get(`${paths.ticker24h}?symbol=${encodeURIComponent(symbol)}`).body;
  assert.deepEqual(ticker("BTCUSDT"), {
    symbol: "BTCUSDT",
    priceChange: "1.9",
    priceChangePercent: "190.000",
    weightedAvgPrice: "1.8",
    lastPrice: "2.9",
    lastQty: "1.5",
    openPrice: "1.0",
    highPrice: "3.0",
    lowPrice: "1.0",
    volume: "20",
    quoteVolume: "36",
    openTime: start,
    closeTime: now,
    firstId: 29,
    lastId: 34,
    count: 8,
  });
  const { lastId, count, volume } = ticker("币安人生USDT") as Record<string, unknown>;
  assert.deepEqual([lastId, count, volume], [-1, 0, "0"]);
});

Deno.test("candles older than 24 hours are not in the ticker", () => {
  const day = 24 * 60 * minute;
  const { body } = get(`${paths.ticker24h}?symbol=BTCUSDT`, start + day + 2 * minute);
  assert.equal((body as { openTime: number }).openTime, start + 2 * minute);
});

Deno.test("the best bid and ask are those of the newest message; of a symbol that had none they are 0", () => {
  const best = { symbol: "BTCUSDT", bidPrice: "2.0", bidQty: "5", askPrice: "2.1", askQty: "6", time: 3 };
  assert.deepEqual(get(`${paths.bookTicker}?symbol=BTCUSDT`).body, best);
  const [first, second] = get(paths.bookTicker).body as unknown[];
  assert.deepEqual(first, best);
  assert.deepEqual((second as typeof best).bidPrice, "0");
  assert.deepEqual(get(`${paths.depth}?symbol=BTCUSDT&limit=5`, 9).body, {
    lastUpdateId: 7,
    E: 9,
    T: 3,
    bids: [["2.0", "5"]],
    asks: [["2.1", "6"]],
  });
  assert.deepEqual(get(`${paths.price}?symbol=BTCUSDT`, 9).body, {
    symbol: "BTCUSDT",
    price: "2.9",
    time: 9,
  });
});

Deno.test("tickers answer with all symbols if none is named", () => {
  for (const path of [paths.ticker24h, paths.price, paths.priceV2, paths.bookTicker]) {
    const all = get(path).body as { symbol: string }[];
    assert.deepEqual(all.map(({ symbol }) => symbol), symbols);
  }
});

Deno.test("exchangeInfo lists what is traded, with the fields that clients need; time and ping are answered", () => {
  const { symbols: listed } = get(paths.exchangeInfo).body as { symbols: Record<string, unknown>[] };
  assert.deepEqual(
    listed.map((
      { symbol, status, contractType, marginAsset, deliveryDate },
    ) => [symbol, status, contractType, marginAsset, deliveryDate]),
    [
      ["BTCUSDT", "TRADING", "PERPETUAL", "USDT", 4_133_404_800_000],
      ["币安人生USDT", "TRADING", "PERPETUAL", "USDT", 4_133_404_800_000],
      ["BTCUSDT_261225", "TRADING", "CURRENT_QUARTER", "USDT", Date.UTC(2026, 11, 25, 8)],
    ],
  );
  assert.deepEqual(get(paths.time, 5).body, { serverTime: 5 });
  assert.deepEqual(get(paths.ping).body, {});
});
