/**
 * Clients that others wrote work with the simulated exchange, unmodified but for its URL, and receive its truth: what is
 * measured with it holds for the exchange that they were written for.
 */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { SimulatedFeed } from "../local/exchange/feed.ts";
import { startExchange } from "../local/exchange/server.ts";
import { type Client, startNpmClient, startPythonClient, type Told, type Urls } from "./clients/client.ts";
import { whyNoPython } from "./clients/python.ts";
import { until } from "./until.ts";

type Fields = Record<string, unknown>;

/** Of the exchange's real symbols the hardest to name: it has to be percent-encoded. */
const symbol = "币安人生USDT";
/** Played at 60 times its speed: a minute of the market passes in a second. */
const feed: SimulatedFeed = {
  kind: "simulated",
  symbols: [symbol, "BTCUSDT"],
  intervals: ["1m"],
  rate: 4,
  seed: 7,
  startTime: Date.UTC(2026, 9, 1),
};

/** A message without `E`, of which every connection has its own. */
const comparable = ({ E: _, ...fields }: Fields): Fields => fields;

/** What the continuous stream says in place of a candle's message. */
const continuous = ({ s, k }: Fields): Fields => {
  const { s: _, ...candle } = k as Fields;
  return { e: "continuous_kline", ps: s, ct: "PERPETUAL", k: candle };
};

/** The row of REST that a candle's last message amounts to. */
const rowOf = ({ k }: Fields): unknown[] => {
  const { t, o, h, l, c, v, T, q, n, V, Q } = k as Fields;
  return [t, o, h, l, c, v, T, q, n, V, Q, "0"];
};

/** The row of REST that an aggregated trade amounts to. */
const tradeRowOf = ({ a, p, q, nq, f, l, T, m }: Fields): Fields => ({ a, p, q, nq, f, l, T, m });

/** Runs a client until it has seen three candles close on each of its streams, and compares all that it received. */
async function compare(
  start: (exchange: Urls, symbol: string) => Client | Promise<Client>,
  candleStreams: Told["kind"][],
): Promise<void> {
  await using exchange = await startExchange({ feed, pace: { speed: 60 } });
  await using client = await start(exchange, symbol);
  const told = (kind: Told["kind"]) =>
    client.told.filter((one) => one.kind === kind).map(({ data }) => data as Fields);
  const closed = (kind: Told["kind"]) => told(kind).filter(({ k }) => (k as Fields).x);
  await until(
    "three closed candles of each stream",
    () => candleStreams.every((kind) => closed(kind).length > 2),
  );
  exchange.pause();

  const truth = await Array.fromAsync(exchange.truth());
  const of = (stream: string) => truth.filter((one) => one.stream === stream).map(({ data }) => data);
  const [candles, ticks] = [of("币安人生usdt@kline_1m"), of("币安人生usdt@bookTicker")];
  const trades = of("币安人生usdt@aggTrade");
  const sent = { kline: candles, "continuous kline": candles.map(continuous), book: ticks, trade: trades };
  for (const kind of ["book", "trade", ...candleStreams] as (keyof typeof sent)[]) {
    const expected = sent[kind].map(comparable);
    const first = expected.findIndex((one) => isDeepStrictEqual(one, comparable(told(kind)[0])));
    assert.ok(first >= 0, `was sent: ${JSON.stringify(told(kind)[0])}`);
    await until(`the last ${kind}`, () => told(kind).length >= expected.length - first);
    assert.deepEqual(told(kind).map(comparable), expected.slice(first));
  }

  await client.ask();
  await until("REST's answers", () => told("rest book").length > 0);
  const rows = [...new Map(candles.map((one) => [(one.k as Fields).t, rowOf(one)])).values()];
  assert.deepEqual((told("rest klines")[0] as unknown as unknown[]).slice(0, rows.length), rows);
  assert.deepEqual(told("rest trades")[0], trades.slice(-500).map(tradeRowOf));
  const { b, B, a, A, T } = ticks.at(-1)!;
  assert.deepEqual(told("rest book")[0], { symbol, bidPrice: b, bidQty: B, askPrice: a, askQty: A, time: T });
}

Deno.test("Binance's own client for JavaScript receives every candle, tick and trade of the simulated exchange", () =>
  compare(startNpmClient, ["kline"]));

Deno.test({
  name: "python-binance receives every candle, tick and trade of the simulated exchange" +
    (whyNoPython ? ` (${whyNoPython})` : ""),
  ignore: !!whyNoPython,
  fn: () => compare(startPythonClient, ["kline", "continuous kline"]),
});
