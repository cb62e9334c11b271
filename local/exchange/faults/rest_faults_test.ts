import assert from "node:assert/strict";
import { usualMarket } from "../../../shared/exchange/markets/mod.ts";
import { startExchange } from "../server.ts";
import { connect } from "../test_client.ts";

const MINUTE = 60_000;
const startTime = Date.UTC(2026, 9, 1);
const { paths } = usualMarket;

/** An exchange that has played ten minutes of one symbol. */
async function played() {
  const exchange = await startExchange({
    feed: {
      ...{ kind: "simulated", symbols: ["BTCUSDT"], intervals: ["1m"], rate: 20, seed: 2, startTime },
      messages: 12_000,
    },
    pace: "max",
  });
  await exchange.finished;
  const ask = async (path: string, query: Record<string, string | number> = {}) => {
    const text = Object.entries({ symbol: "BTCUSDT", ...query }).map(([name, value]) => `${name}=${value}`);
    const response = await fetch(`${exchange.url}${path}?${text.join("&")}`);
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const candles = async () => (await ask(paths.klines, { interval: "1m", limit: 10 })).body as unknown[][];
  return { exchange, ask, candles, [Symbol.asyncDispose]: () => exchange[Symbol.asyncDispose]() };
}

Deno.test("REST that is down breaks off, while connections go on, and comes back", async () => {
  await using line = await played();
  line.exchange.inject({ fault: "rest", does: "down", ms: 60_000 });
  await assert.rejects(line.candles(), TypeError);
  using client = await connect(line.exchange, "/public/ws");
  assert.equal(client.socket.readyState, WebSocket.OPEN);
  line.exchange.inject({ fault: "clear" });
  assert.ok((await line.candles()).length > 0);
  assert.equal(line.exchange.status().faults["rest down"], 1);
});

Deno.test("connections that are cut break off and are refused for a while, while REST goes on", async () => {
  await using line = await played();
  using client = await connect(line.exchange, "/public/ws");
  line.exchange.inject({ fault: "cut", ms: 60_000 });
  await client.closed;
  await assert.rejects(connect(line.exchange, "/public/ws"));
  assert.ok((await line.candles()).length > 0);
  line.exchange.inject({ fault: "clear" });
  using again = await connect(line.exchange, "/public/ws");
  assert.equal(again.socket.readyState, WebSocket.OPEN);
});

Deno.test("REST that is slow answers later, and one that lies has nonsense in one field", async () => {
  await using line = await played();
  const good = await line.candles();
  line.exchange.inject({ fault: "rest", does: "slow", delay: 300 });
  line.exchange.inject({ fault: "rest", does: "lie" });
  const askedAt = performance.now();
  const lies = await line.candles();
  assert.ok(performance.now() - askedAt >= 299);
  assert.deepEqual(lies, [...good.slice(0, -1), good.at(-1)!.with(5, "lie")]);
});

Deno.test("a hole at the source is of the time, the symbol and the kind that are named", async () => {
  await using line = await played();
  const good = await line.candles();
  const [from, to] = [startTime + 3 * MINUTE, startTime + 5 * MINUTE];
  line.exchange.inject({ fault: "lack", kind: "klines", symbol: "ETHUSDT", from, to });
  line.exchange.inject({ fault: "lack", kind: "aggTrades", from, to });
  assert.deepEqual(await line.candles(), good);
  const { body } = await line.ask(paths.aggTrades, { fromId: 1, limit: 1_000 });
  assert.ok(body.length > 0 && body.every(({ T }: { T: number }) => T < from || T >= to));
  line.exchange.inject({ fault: "lack", kind: "klines", from, to });
  assert.deepEqual(await line.candles(), good.filter(([open]) => open !== from && open !== from + MINUTE));
});

Deno.test("above the market's weight requests are refused until the minute is over, and who goes on is banned", async () => {
  await using line = await played();
  let answer = await line.ask(paths.aggTrades);
  for (let i = 0; answer.status === 200; i++) {
    assert.ok(i < 400, "two minutes' worth");
    answer = await line.ask(paths.aggTrades);
  }
  assert.equal(answer.status, 429);
  assert.ok(Number(answer.headers.get("retry-after")) <= 60);
  assert.ok(Number(answer.headers.get("x-mbx-used-weight-1m")) > usualMarket.limits.weightPerMinute);
  for (let i = 0; i < 20; i++) answer = await line.ask(paths.time);
  assert.equal(answer.status, 418);
  assert.ok(Number(answer.headers.get("retry-after")) > 60);
  const { most, refused } = line.exchange.status().weight;
  assert.ok(most > usualMarket.limits.weightPerMinute && refused > 20);
});
