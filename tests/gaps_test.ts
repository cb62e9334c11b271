import assert from "node:assert/strict";
import { type Exchange, startExchange } from "../local/exchange/server.ts";
import { freePort } from "../local/ports.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { EARLY_MS, OFFSET_MS } from "./faults/judge/bounds.ts";
import { testDatabase, testKafka } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

/** What a busy machine may add to the beginning of a gap, in ms. */
const LEEWAY_MS = 5_000;

Deno.test("what a killed producer did not receive is a gap that is open until its next run, and holds all that is missing", async () => {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const { config } = parts.use(await testKafka());
  const exchange = parts.use(
    await startExchange({
      feed: { kind: "simulated", symbols: ["BTCUSDT", "ETHUSDT"], intervals: ["1m"], rate: 200, seed: 1 },
      port: freePort(),
    }),
  );
  const address = new URL(exchange.url).host;
  const env = {
    BOOTSTRAP_SERVER: config.brokers.join(),
    TOPIC_PREFIX: config.topicPrefix,
    DB_URL: database.url,
    SYMBOLS: "BTCUSDT,ETHUSDT",
    BINANCE_WS_URL: `ws://${address}`,
    BINANCE_REST_URL: `http://${address}`,
  };
  const { sql } = database;
  for (const task of ["book:consume", "coverage:consume"]) parts.use(startWorker(task, env));
  const producer = parts.use(startWorker("book:produce", env));
  const covered = () =>
    sql`select feed from websocket.coverage where covered_to > covered_from + interval '5 s'`;
  await until("both feeds to be covered", async () => (await covered()).length === 2);
  const killedAt = Date.now();
  await producer.kill("SIGKILL");
  const gaps = () =>
    sql<Gap[]>`
      select symbol, state, reason, extract(epoch from started_at)::float8 * 1000 as started,
        extract(epoch from ended_at)::float8 * 1000 as ended from websocket.gap_data order by feed`;
  await until(
    "an open gap",
    async () => (await gaps()).filter(({ state }) => state === "open").length === 2,
  );
  const returnedAt = Date.now();
  parts.use(startWorker("book:produce", env));
  await until("the gap to end", async () => (await gaps()).every(({ state }) => state === "lost"));
  await until("what came after the gap to be stored", async () => {
    const stored = await sql`
      select symbol from websocket.order_book_data where event_time > ${new Date(
      returnedAt,
    )} group by symbol`;
    return stored.length === 2;
  });
  for (const { reason, started, ended } of await gaps()) {
    assert.equal(reason, "no heartbeat");
    assert.ok(started <= killedAt && started > killedAt - EARLY_MS - LEEWAY_MS, `${killedAt - started}`);
    assert.ok(ended >= returnedAt);
  }
  exchange.pause();
  // Two writes run at the same time: for a moment a tick may be missing that is about to be stored.
  await until("all that is missing to be in the gaps", async () => {
    const missing = await missingBetween(exchange, sql);
    const found = await gaps();
    return found.length === 2 && found.every(({ symbol, started, ended }) => {
      const times = missing.get(symbol) ?? [];
      return times.length > 0 &&
        times.every((time) => time >= started - OFFSET_MS && time < ended + OFFSET_MS);
    });
  });
});

interface Gap {
  readonly symbol: string;
  readonly state: string;
  readonly reason: string;
  readonly started: number;
  readonly ended: number;
}

/** Of each symbol, the times in ms of the ticks that the exchange played between two that are stored, and that are not. */
async function missingBetween(exchange: Exchange, sql: Sql): Promise<Map<string, number[]>> {
  const rows = await sql`select symbol, update_id::float8 as id from websocket.order_book_data`;
  const ids = new Map(
    [...Map.groupBy(rows, ({ symbol }) => symbol)].map((
      [symbol, own],
    ) => [symbol, new Set(own.map(({ id }) => id))]),
  );
  const missing = new Map<string, number[]>();
  let waiting: { symbol: string; time: number }[] = [];
  for await (const { stream, data } of exchange.truth()) {
    if (!stream.endsWith("@bookTicker")) continue;
    const symbol = String(data.s);
    if (!ids.get(symbol)?.has(data.u)) {
      if (missing.has(symbol)) waiting.push({ symbol, time: Number(data.E) });
      continue;
    }
    const own = missing.get(symbol) ?? [];
    missing.set(symbol, own.concat(waiting.filter((one) => one.symbol === symbol).map(({ time }) => time)));
    waiting = waiting.filter((one) => one.symbol !== symbol);
  }
  return missing;
}
