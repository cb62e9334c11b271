import assert from "node:assert/strict";
import { startExchange } from "../local/exchange/server.ts";
import type { SimulatedFeed } from "../local/exchange/feed.ts";
import { freePort } from "../local/ports.ts";
import { type Kafka, topicName } from "../shared/kafka/mod.ts";
import { type Coverage, coverage } from "../shared/streams/coverage.ts";
import { readAll } from "./read_all.ts";
import { testKafka } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

const feed: SimulatedFeed = {
  ...{ kind: "simulated", symbols: ["BTCUSDT", "ETHUSDT"], intervals: ["1m"], rate: 200, seed: 1 },
};
const feeds = ["btcusdt@bookTicker", "ethusdt@bookTicker"];

/** What the coverage topic holds, the newest version of each row. */
async function told(kafka: Kafka, topic: string): Promise<Coverage[]> {
  const rows = new Map<string, Coverage>();
  for (const { value, key } of await readAll(kafka, topic)) {
    const row = coverage.message.codec.decode(new TextDecoder().decode(value!));
    assert.equal(new TextDecoder().decode(key as Uint8Array), row.producer);
    const id = `${row.session} ${row.feed} ${row.coveredFrom}`;
    if (row.version >= (rows.get(id)?.version ?? 0)) rows.set(id, row);
  }
  return [...rows.values()];
}

/** A producer of book tickers of a simulated exchange that goes on and on. */
async function producing() {
  await using parts = new AsyncDisposableStack();
  const { kafka, config } = parts.use(await testKafka());
  const exchange = parts.use(await startExchange({ feed, port: freePort() }));
  const topic = topicName(config, coverage.message);
  await kafka.ensureTopics([topic]);
  const address = new URL(exchange.url).host;
  const env = {
    BOOTSTRAP_SERVER: config.brokers.join(),
    TOPIC_PREFIX: config.topicPrefix,
    SYMBOLS: feed.symbols.join(),
    BINANCE_WS_URL: `ws://${address}`,
    BINANCE_REST_URL: `http://${address}`,
    PRODUCER_NAME: "left",
    SILENCE_SECONDS: "4",
  };
  const kept = parts.move();
  return {
    exchange,
    start: () => kept.use(startWorker("book:produce", env)),
    rows: () => told(kafka, topic),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const ofFeeds = (rows: readonly Coverage[]) => rows.filter(({ feed }) => feed !== "");
const ownOf = (rows: readonly Coverage[]) => rows.filter(({ feed }) => feed === "");

Deno.test("a producer tells every second how far it is covered, and at its end when each feed ended", async () => {
  await using line = await producing();
  const worker = line.start();
  const reach = async () => Math.max(0, ...ownOf(await line.rows()).map(({ coveredTo }) => coveredTo));
  await until("something to be covered", async () => await reach() > 0);
  const first = await reach();
  await until("the coverage to go on", async () => await reach() >= first + 3_000);
  const open = ofFeeds(await line.rows());
  assert.deepEqual(
    open.map(({ feed, reason }) => [feed, reason]).toSorted(),
    feeds.map((one) => [one, "open"]),
  );
  assert.equal((await worker.kill("SIGTERM")).code, 0);
  const rows = await line.rows();
  assert.deepEqual(ownOf(rows).map(({ reason, producer }) => [reason, producer]), [["stopped", "left"]]);
  for (const { coveredFrom, coveredTo, reason } of ofFeeds(rows)) {
    assert.equal(reason, "stopped");
    assert.ok(coveredTo - coveredFrom >= 3_000);
  }
});

Deno.test("a connection that is cut ends the intervals of its feeds, and others begin once it is back", async () => {
  await using line = await producing();
  const worker = line.start();
  await until("the feeds to be covered", async () => ofFeeds(await line.rows()).length === 2);
  await until("something to be covered", async () => ownOf(await line.rows())[0].coveredTo > 0);
  const cutAt = Date.now();
  line.exchange.inject({ fault: "drop", code: 1001 });
  await until("the feeds to be covered again", async () => ofFeeds(await line.rows()).length === 4);
  await worker.says(/connected to the exchange .*lost_for_ms=\d+/);
  const rows = ofFeeds(await line.rows());
  for (const feed of feeds) {
    const [before, after] = rows.filter((row) => row.feed === feed).toSorted((a, b) =>
      a.coveredFrom - b.coveredFrom
    );
    assert.deepEqual([before.reason, after.reason], ["lost connection", "open"]);
    assert.ok(before.coveredTo > cutAt - 2_500 && before.coveredTo <= after.coveredFrom);
    assert.ok(after.coveredFrom >= cutAt);
  }
});

Deno.test("a connection that is replaced leaves no seam", async () => {
  await using line = await producing();
  const worker = line.start();
  await until("the feeds to be covered", async () => ofFeeds(await line.rows()).length === 2);
  line.exchange.inject({ fault: "notice", text: '{"e":"serverShutdown","E":1}' });
  await worker.says(/moved to a new connection/);
  const [{ coveredTo }] = ownOf(await line.rows());
  await until("the coverage to go on", async () => ownOf(await line.rows())[0].coveredTo > coveredTo + 3_000);
  const rows = ofFeeds(await line.rows());
  assert.deepEqual(rows.map(({ reason }) => reason), ["open", "open"]);
});

Deno.test("a producer that is killed claims nothing after its last word, and its next run is another session", async () => {
  await using line = await producing();
  const worker = line.start();
  await until("something to be covered", async () => (ownOf(await line.rows())[0]?.coveredTo ?? 0) > 0);
  const killedAt = Date.now();
  await worker.kill("SIGKILL");
  const [own] = ownOf(await line.rows());
  assert.ok(own.coveredTo <= killedAt && own.reason === "open");
  line.start();
  await until("another session", async () => ownOf(await line.rows()).length === 2);
  const [, next] = ownOf(await line.rows()).toSorted((a, b) => a.coveredFrom - b.coveredFrom);
  assert.ok(next.coveredFrom >= killedAt - 1_000 && next.session !== own.session);
});

Deno.test("a feed that is mute ends where it spoke last, and is covered again once the exchange has granted it anew", async () => {
  await using line = await producing();
  const worker = line.start();
  await until("the feeds to be covered", async () => ofFeeds(await line.rows()).length === 2);
  const muteAt = Date.now();
  line.exchange.inject({ fault: "mute", stream: feeds[0], cure: "resubscribe" });
  await worker.says(/feeds went mute and are subscribed again feeds=btcusdt@bookTicker/);
  await until("the feed to be covered again", async () => ofFeeds(await line.rows()).length === 3);
  const rows = ofFeeds(await line.rows()).toSorted((a, b) => a.coveredFrom - b.coveredFrom);
  const [before, after] = rows.filter(({ feed }) => feed === feeds[0]);
  assert.deepEqual([before.reason, rows.filter(({ feed }) => feed === feeds[1]).length], ["mute", 1]);
  assert.ok(Math.abs(before.coveredTo - muteAt) < 1_000, `${before.coveredTo - muteAt} ms`);
  assert.ok(after.coveredFrom >= muteAt + 2_000);
});

Deno.test("a market that stands still counts as covered: the connection answers, and REST has nothing newer", async () => {
  await using line = await producing();
  line.start();
  await until("the feeds to be covered", async () => ofFeeds(await line.rows()).length === 2);
  line.exchange.pause();
  const pausedAt = Date.now();
  await until("the time since to be covered", async () => {
    const rows = await line.rows();
    const [own] = ownOf(rows);
    return ofFeeds(rows).every(({ coveredTo, reason }) =>
      (reason === "silent" ? coveredTo : reason === "open" ? own.coveredTo : 0) > pausedAt + 8_000
    );
  }, 60_000);
  assert.deepEqual(ofFeeds(await line.rows()).length, 2);
});
