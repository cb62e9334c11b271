import assert from "node:assert/strict";
import { createCandleHistory } from "../../local/exchange/rest/candle_history.ts";
import { createNewest } from "../../local/exchange/rest/newest.ts";
import { createRest } from "../../local/exchange/rest/rest.ts";
import { createTradeHistory } from "../../local/exchange/rest/trade_history.ts";
import { silent } from "../../tests/silent.ts";
import { createLog } from "../../shared/log.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import { usualMarket } from "../../shared/exchange/markets/mod.ts";
import { lookByRest } from "./last_trade.ts";

const url = `http://exchange${usualMarket.paths.ticker24h}`;

const minute = 60_000;
const start = Date.UTC(2026, 9, 1);
const frame = (t: number, id: number) =>
  JSON.stringify({
    k: {
      ...{ t, T: t + minute - 1, s: "BTCUSDT", i: "1m", f: id, L: id, n: id < 0 ? 0 : 1 },
      ...{ o: "1", c: "1", h: "1", l: "1", v: "1", q: "1", V: "1", Q: "1" },
    },
  });

Deno.test("a trade changes what a symbol has traded; a new minute or a new day does not", async () => {
  const candles = createCandleHistory();
  const newest = createNewest();
  let now = start;
  const real = globalThis.fetch;
  globalThis.fetch = (input) => {
    const { pathname, searchParams } = new URL(String(input));
    const books = {
      market: usualMarket,
      symbols: ["BTCUSDT"],
      candles,
      trades: createTradeHistory(),
      newest,
      now,
    };
    const { status, body } = createRest(books)("GET", pathname, searchParams);
    return Promise.resolve(Response.json(body, { status }));
  };
  try {
    const look = () => lookByRest(url, createRequestPause(), silent)("btcusdt@bookTicker");
    const traded = new Set([await look()]);
    candles.add(frame(start, 7));
    traded.add(await look());
    assert.equal(traded.size, 2);
    for (const later of [minute, 24 * 60 * minute]) {
      now = start + later;
      candles.add(frame(now, -1));
      traded.add(await look());
      assert.equal(traded.size, 2);
    }
    candles.add(frame(now, 8));
    traded.add(await look());
    assert.equal(traded.size, 3);
    const unknown = () => lookByRest(url, createRequestPause(), silent)("dogeusdt@bookTicker");
    assert.equal(await unknown(), "nothing");
    now += minute;
    assert.equal(await unknown(), "nothing", "a symbol that there is not never trades");
  } finally {
    globalThis.fetch = real;
  }
});

Deno.test("an exchange that asks to back off is not asked again before that, of any symbol", async () => {
  const real = globalThis.fetch;
  let asked = 0;
  globalThis.fetch = () => {
    asked++;
    return Promise.resolve(new Response("{}", { status: 429, headers: { "retry-after": "60" } }));
  };
  try {
    const look = lookByRest(url, createRequestPause(), silent);
    for (const symbol of ["btcusdt", "ethusdt"]) assert.equal(await look(`${symbol}@bookTicker`), undefined);
    assert.equal(asked, 1);
  } finally {
    globalThis.fetch = real;
  }
});

Deno.test("each symbol that the exchange does not know is named once", async () => {
  const real = globalThis.fetch;
  globalThis.fetch = () => Promise.resolve(new Response("{}", { status: 400 }));
  try {
    const lines: string[] = [];
    const look = lookByRest(
      url,
      createRequestPause(),
      createLog("test", "warn", (line) => lines.push(line)),
    );
    for (const symbol of ["typo1", "typo2", "typo1"]) await look(`${symbol}@bookTicker`);
    assert.deepEqual(lines.map((line) => /symbol=(\S+)/.exec(line)?.[1]), ["TYPO1", "TYPO2"]);
  } finally {
    globalThis.fetch = real;
  }
});
