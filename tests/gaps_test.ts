import assert from "node:assert/strict";
import { startExchange } from "../local/exchange/server.ts";
import { freePort } from "../local/ports.ts";
import { testDatabase, testKafka } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

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
  await until("both feeds to be covered", async () => (await covered()).length === 2, 60_000);
  const killedAt = Date.now();
  await producer.kill("SIGKILL");
  const gaps = () =>
    sql`
      select feed, state, reason, extract(epoch from started_at)::float8 * 1000 as started,
        extract(epoch from ended_at)::float8 * 1000 as ended from websocket.gap_data order by feed`;
  await until(
    "an open gap",
    async () => (await gaps()).filter(({ state }) => state === "open").length === 2,
    60_000,
  );
  const returnedAt = Date.now();
  parts.use(startWorker("book:produce", env));
  await until("the gap to end", async () => (await gaps()).every(({ state }) => state === "lost"), 60_000);
  for (const { reason, started, ended } of await gaps()) {
    assert.equal(reason, "no heartbeat");
    assert.ok(started <= killedAt && started > killedAt - 4_000, `${killedAt - started}`);
    assert.ok(ended >= returnedAt);
  }
  // Ticks come every 10 ms: what is missing is where they do not.
  const holes = await sql`
    with message as (
      select symbol, event_time, lead(event_time) over (partition by symbol order by update_id) as next
      from websocket.order_book_data)
    select exists (
      select from websocket.gap_data as gap
      where gap.symbol = message.symbol and gap.started_at <= event_time and gap.ended_at > next) as is_told
    from message where next - event_time > interval '1 s'`;
  assert.deepEqual(holes.map(({ is_told }) => is_told), [true, true]);
});
