import assert from "node:assert/strict";
import { startExchange } from "../local/exchange/server.ts";
import { freePort } from "../local/ports.ts";
import {
  auditFault,
  compareRepaired,
  feedsOf,
  unrepairedOf,
  untilFeedsAreCovered,
  untilRepaired,
  weightFault,
} from "./outage.ts";
import { testDatabase, testKafka } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

const symbols = ["BTCUSDT", "ETHUSDT"];
const feeds = feedsOf(symbols);
const OUTAGE_MS = 60_000;

Deno.test("after a minute without connections candles and trades are as if nothing had been, and only ticks are lost", async () => {
  await using parts = new AsyncDisposableStack();
  const { sql, url } = parts.use(await testDatabase());
  const { config } = parts.use(await testKafka());
  const exchange = parts.use(
    await startExchange({
      feed: { kind: "simulated", symbols, intervals: ["1m"], rate: 100, seed: 4, quietMinutes: false },
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
  await untilFeedsAreCovered(sql, feeds);

  exchange.inject({ fault: "cut", ms: OUTAGE_MS });
  const gaps = await untilRepaired(sql, feeds);
  assert.deepEqual(unrepairedOf(gaps), []);
  const ofOutage = gaps.filter(({ cause }) => cause === "coverage");
  assert.deepEqual(ofOutage.map(({ feed }) => feed), feeds);
  for (const { seconds } of ofOutage) assert.ok(seconds! >= OUTAGE_MS / 1_000, `${seconds} s`);
  // Where the trades are there again before their ids are checked, nobody has counted them.
  for (const { stream, missing } of ofOutage) {
    if (stream === "trade" && missing !== null) assert.ok(Number(missing) > 0, `${missing} trades`);
  }

  exchange.pause();
  await until("the tables to equal what the exchange has played", async () => {
    const { candles, trades } = await compareRepaired(sql, exchange.truth);
    assert.equal(trades.doubled + trades.wrong, 0, trades.samples.join("\n"));
    return [candles, trades].every(({ lost, doubled, wrong }) => lost + doubled + wrong === 0);
  });
  await until("the candles to be compared with their trades", async () => {
    const [{ present, equal, first, waiting }] = await sql`
      select sum(present)::int as present, sum(equal_trades)::int as equal, sum(without_trades)::int as first,
        sum(waiting)::int as waiting
      from websocket.audit_days`;
    // A symbol's first candle has no older trade that would show that its trades are all there, and its last one may have no later one.
    return equal > 0 && equal + first + waiting === present && waiting <= symbols.length;
  });
  assert.equal(await auditFault(sql), undefined);
  assert.equal(weightFault(exchange, 720), undefined);
  for (const worker of [producer, consumer]) assert.equal((await worker.kill("SIGTERM")).code, 0);
});
