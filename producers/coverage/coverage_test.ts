import assert from "node:assert/strict";
import { readConfig } from "../../shared/config/config.ts";
import { createRequestPause } from "../../shared/exchange/request_pause.ts";
import type { Kafka } from "../../shared/kafka/mod.ts";
import { createLog } from "../../shared/log.ts";
import { memoryKafka } from "../../shared/outlet/test_kafka.ts";
import { book } from "../../shared/streams/book.ts";
import { type Coverage as Row, coverage } from "../../shared/streams/coverage.ts";
import { createTelemetry } from "../../shared/telemetry/telemetry.ts";
import { createCoverage } from "./coverage.ts";

const FEEDS = ["btcusdt@bookTicker", "ethusdt@bookTicker"];

/** A run of a producer of two connections with a feed each, an exchange that only tells the time, and what reaches Kafka of the run. */
function running() {
  const exchange = Deno.serve(
    { port: 0, onListen() {} },
    () => Response.json({ serverTime: Date.now() }),
  );
  const { kafka, stored } = memoryKafka();
  const acked = { pushed: 0, settled: 0 };
  const { promise: work, resolve: end } = Promise.withResolvers<void>();
  const run = createCoverage(
    book,
    new Map(FEEDS.map((feed) => [feed, feed.slice(0, 7).toUpperCase()])),
    FEEDS.map((feed) => ({ url: feed, feeds: [feed] })),
    [acked, acked],
    createRequestPause(),
    kafka as Kafka,
    {
      config: readConfig({
        BOOTSTRAP_SERVER: "kafka:9092",
        BINANCE_REST_URL: `http://127.0.0.1:${exchange.addr.port}`,
      }),
      options: {},
      log: createLog("test", "error", () => {}),
      signal: new AbortController().signal,
      deadline: new AbortController().signal,
      telemetry: createTelemetry("book"),
    },
  );
  const told = run.tellWhile(work);
  const rows = (): Row[] => Object.values(stored).flat().map((value) => coverage.message.codec.decode(value));
  return {
    run,
    rows,
    async stop() {
      end();
      await told;
      await exchange.shutdown();
      return rows();
    },
  };
}

/** Resolves once it is so. */
async function until(isSo: () => boolean) {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const reasonsOf = (rows: readonly Row[]) => [
  ...new Set(rows.filter(({ feed }) => feed === "").map(({ reason }) => reason)),
];

Deno.test("a run that is stopped before all its connections were subscribed never says that it wants no other feeds", async () => {
  const { run, rows, stop } = running();
  run.listeners[0].subscribed([FEEDS[0]]);
  await until(() => rows().some(({ feed }) => feed === FEEDS[0]));
  const all = await stop();
  assert.deepEqual(all.filter(({ feed }) => feed !== "").map(({ feed, reason }) => [feed, reason]), [
    [FEEDS[0], "open"],
    [FEEDS[0], "stopped"],
  ]);
  assert.deepEqual(reasonsOf(all), ["starting"]);
});

Deno.test("a run says that it wants no other feeds only once all that it wants were told, and says then that it stopped", async () => {
  const { run, rows, stop } = running();
  for (const [n, listener] of run.listeners.entries()) listener.subscribed([FEEDS[n]]);
  await until(() => reasonsOf(rows()).includes("open"));
  const all = await stop();
  const complete = all.findIndex(({ feed, reason }) => feed === "" && reason === "open");
  assert.deepEqual(FEEDS.filter((one) => all.findIndex(({ feed }) => feed === one) > complete), []);
  assert.deepEqual(reasonsOf(all).filter((reason) => reason !== "starting"), ["open", "stopped"]);
});

Deno.test("a run whose connection is lost before anything is told of its feeds has not said yet which it wants", async () => {
  const { run, rows, stop } = running();
  await Promise.all(run.listeners.map((listener, n) => listener.subscribed([FEEDS[n]])));
  run.listeners[1].lost([FEEDS[1]], "lost connection");
  await until(() => rows().filter(({ feed }) => feed === "").length >= 6);
  assert.deepEqual(reasonsOf(rows()), ["starting"]);
  run.listeners[1].subscribed([FEEDS[1]]);
  await until(() => reasonsOf(rows()).includes("open"));
  assert.ok(rows().some(({ feed }) => feed === FEEDS[1]));
  await stop();
});
