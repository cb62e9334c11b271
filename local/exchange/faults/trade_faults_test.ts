import assert from "node:assert/strict";
import { usualMarket } from "../../../shared/exchange/markets/mod.ts";
import { decimalText, scaleOf, unitsOf } from "../market/decimal.ts";
import type { AggTradeRow } from "../rest/trade_history.ts";
import { type Exchange, startExchange } from "../server.ts";
import { connect } from "../test_client.ts";

const exchangeOf = () =>
  startExchange({
    feed: {
      kind: "simulated",
      symbols: ["BTCUSDT", "ETHUSDT"],
      intervals: ["1m"],
      rate: 200,
      seed: 7,
      messages: 6_000,
    },
    pace: "max",
    paused: true,
  });
const path = "/market/stream?streams=btcusdt@aggTrade/ethusdt@aggTrade";

/** The aggregated trades as they were, by the truth, and as REST answers them, of one symbol. */
async function tradesOf(exchange: Exchange, symbol: string) {
  const truth = (await Array.fromAsync(exchange.truth())).filter(({ stream }) =>
    stream === `${symbol.toLowerCase()}@aggTrade`
  );
  const reply = await fetch(`${exchange.url}${usualMarket.paths.aggTrades}?symbol=${symbol}&limit=1000`);
  const rows: AggTradeRow[] = await reply.json();
  return { truth: truth.map(({ data }) => data as unknown as AggTradeRow & { E: number }), rows };
}

/** Plays all, and gives what a client received in all. */
async function play(exchange: Exchange, client: { received(count: number): Promise<string[]> }) {
  exchange.start();
  await exchange.finished;
  const texts = await client.received(exchange.status().sentByKind.aggTrade);
  return texts.map((text) => JSON.parse(text).data as AggTradeRow & { s: string; E: number });
}

Deno.test("trades that are left out are sent to no client; REST and the truth have them, the status names them", async () => {
  await using exchange = await exchangeOf();
  using client = await connect(exchange, path);
  using other = await connect(exchange, path);
  exchange.inject({ fault: "omit", trades: 3, every: 5, symbol: "BTCUSDT" });
  const received = await play(exchange, { received: (count) => client.received(count / 2) });
  await other.received(received.length);
  const { truth, rows } = await tradesOf(exchange, "BTCUSDT");
  const own = received.filter(({ s }) => s === "BTCUSDT").map(({ a }) => a);
  const omitted = truth.filter(({ a }) => !own.includes(a));
  assert.deepEqual(omitted.map(({ a }) => truth.findIndex((one) => one.a === a)), [4, 9, 14]);
  assert.deepEqual(other.frames.length, client.frames.length);
  assert.deepEqual(rows.map(({ a }) => a), truth.map(({ a }) => a));
  const { tradeFaults, faults } = exchange.status();
  assert.deepEqual(
    tradeFaults,
    omitted.map(({ a, T }) => ({ fault: "omit", symbol: "BTCUSDT", aggTradeId: a, tradeTime: T })),
  );
  assert.equal(faults.omit, 3);
  const eth = (await tradesOf(exchange, "ETHUSDT")).truth;
  assert.deepEqual(received.filter(({ s }) => s === "ETHUSDT"), eth);
});

Deno.test("an altered trade has one unit more of price or quantity; REST and the truth have it as it was", async () => {
  await using exchange = await exchangeOf();
  using client = await connect(exchange, path);
  exchange.inject({ fault: "alter", trades: 1, every: 7, symbol: "BTCUSDT" });
  exchange.inject({ fault: "alter", trades: 1, every: 7, symbol: "ETHUSDT", field: "price" });
  const received = await play(exchange, client);
  for (const [symbol, field] of [["BTCUSDT", "q"], ["ETHUSDT", "p"]] as const) {
    const { truth, rows } = await tradesOf(exchange, symbol);
    const own = received.filter(({ s }) => s === symbol);
    const more = (text: string) => decimalText(unitsOf(text) + 1, scaleOf(text));
    assert.deepEqual(own, truth.map((one, i) => i === 6 ? { ...one, [field]: more(one[field]) } : one));
    assert.deepEqual(rows.map(({ p, q }) => [p, q]), truth.map(({ p, q }) => [p, q]));
  }
  const { tradeFaults } = exchange.status();
  assert.deepEqual(tradeFaults.map(({ fault, symbol }) => `${fault} ${symbol}`).toSorted(), [
    "alter BTCUSDT",
    "alter ETHUSDT",
  ]);
});

Deno.test("an order waits for a client that wants trades, and `clear` ends it", async () => {
  await using exchange = await exchangeOf();
  exchange.inject({ fault: "omit", trades: 1 });
  exchange.start();
  await exchange.finished;
  assert.deepEqual(exchange.status().tradeFaults, []);

  await using other = await exchangeOf();
  using client = await connect(other, path);
  other.inject({ fault: "omit", trades: 1_000 });
  other.inject({ fault: "clear" });
  const received = await play(other, client);
  assert.equal(received.length, other.status().playedByKind.aggTrade);
});
