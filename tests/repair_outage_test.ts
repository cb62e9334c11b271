import assert from "node:assert/strict";
import { startExchange } from "../local/exchange/server.ts";
import { freePort } from "../local/ports.ts";
import { testDatabase, testKafka } from "./stack.ts";
import { compareWithTruth } from "./truth.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

const symbols = ["BTCUSDT", "ETHUSDT"];
const feeds = symbols.flatMap((symbol) =>
  ["aggTrade", "bookTicker", "kline_1m"].map((kind) => `${symbol.toLowerCase()}@${kind}`)
);
const OUTAGE_MS = 60_000;

Deno.test("after a minute without connections candles and trades are as if nothing had been, and only ticks are lost", async () => {
  await using parts = new AsyncDisposableStack();
  const { sql, url } = parts.use(await testDatabase());
  const { config } = parts.use(await testKafka());
  const exchange = parts.use(
    await startExchange({
      feed: { kind: "simulated", symbols, intervals: ["1m"], rate: 100, seed: 4 },
      ...{ port: freePort(), paused: true },
    }),
  );
  const env = {
    ...{ BOOTSTRAP_SERVER: config.brokers.join(), TOPIC_PREFIX: config.topicPrefix, DB_URL: url },
    ...{ BINANCE_WS_URL: exchange.wsUrl, BINANCE_REST_URL: exchange.url, SYMBOLS: symbols.join() },
  };
  const [producer, consumer] = ["produce", "consume"].map((task) =>
    parts.use(startWorker(`${task} kline book trade${task === "consume" ? " coverage" : ""}`, env))
  );
  parts.use(startWorker("repair", env));
  await until("all subscriptions", () => {
    const subscribed = exchange.status().connections.flatMap(({ streams }) => streams);
    return feeds.every((feed) => subscribed.includes(feed));
  });
  exchange.start();
  const covered = () =>
    sql`select distinct feed from websocket.coverage where covered_to > covered_from + interval '5 s'`;
  await until("all feeds to be covered", async () => (await covered()).length === feeds.length);

  exchange.inject({ fault: "cut", ms: OUTAGE_MS });
  const gaps = () =>
    sql`
      select stream, feed, state, missing::int, extract(epoch from ended_at - started_at)::float8 as seconds
      from websocket.gap_data where cause = 'coverage' order by feed`;
  await until("each feed to have a gap that has ended", async () => {
    const rows = await gaps();
    return rows.length === feeds.length && rows.every(({ seconds }) => seconds !== null);
  });
  await until("the gaps to be settled", async () => {
    const rows = await gaps();
    return rows.every(({ state }) => ["repaired", "lost"].includes(state));
  });
  const rows = await gaps();
  assert.deepEqual(
    rows.map(({ feed, state }) => [feed, state]),
    feeds.map((feed) => [feed, feed.endsWith("bookTicker") ? "lost" : "repaired"]),
  );
  for (const { seconds } of rows) assert.ok(seconds >= OUTAGE_MS / 1_000, `${seconds} s`);
  // A symbol without a trade in that minute lacks none, and one that is repaired before its ids are checked has no number.
  const known = rows.filter(({ stream, missing }) => stream === "trade" && missing > 0);
  assert.ok(known.length > 0, "how many trades were missing is still known");
  const others = await sql`select cause, state from websocket.gap_data where cause <> 'coverage'`;
  assert.deepEqual(others.filter(({ state }) => state !== "repaired"), []);

  exchange.pause();
  await until("the tables to equal what the exchange has played", async () => {
    const candles = await compareWithTruth(sql, "kline_data", exchange.truth(), {
      without: ["event_time", "first_trade_id", "last_trade_id"],
    });
    const trades = await compareWithTruth(sql, "trade_data", exchange.truth(), { without: ["event_time"] });
    const faults = [candles, trades].map(({ lost, doubled, wrong }) => lost + doubled + wrong);
    assert.equal(trades.doubled + trades.wrong, 0, trades.samples.join("\n"));
    return faults.every((count) => count === 0);
  });
  const { weight } = exchange.status();
  assert.ok(weight.most <= 720 && weight.refused === 0, JSON.stringify(weight));
  for (const worker of [producer, consumer]) assert.equal((await worker.kill("SIGTERM")).code, 0);
});
