import { freePort } from "../local/ports.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

const nowhere = `127.0.0.1:${freePort()}`;

/** Settings that a worker does not use, each wrong, by task. */
const foreign = {
  "book:produce": { DB_URL: "nonsense", KLINE_INTERVALS: "7m" },
  "kline:produce": { DB_URL: "nonsense" },
  "book:consume": { SYMBOLS: "?", KLINE_INTERVALS: "7m", BUFFER_BYTES: "1" },
};

for (const [task, wrong] of Object.entries(foreign)) {
  Deno.test(`${task} runs with ${Object.keys(wrong).join(" and ")} wrong, which it does not use`, async () => {
    await using worker = startWorker(task, {
      BOOTSTRAP_SERVER: nowhere,
      DB_URL: `postgres://${nowhere}/x`,
      BINANCE_WS_URL: `ws://${nowhere}`,
      BINANCE_REST_URL: `http://${nowhere}`,
      TOPIC_PREFIX: "test.",
      ...wrong,
    });
    await until("it to wait for Kafka", async () => /Kafka|127/.test((await worker.report())?.waiting ?? ""));
  });
}

Deno.test("what it does use is told at its start, with the build and without what it does not use", async () => {
  await using worker = startWorker("kline:produce", {
    BOOTSTRAP_SERVER: nowhere,
    KAFKA_API_KEY: "key-of-kafka",
    KAFKA_SECRET_KEY: "secret-of-kafka",
    BOOKLINE_BUILD: "eb90a5b",
    KLINE_INTERVALS: "1m,1h",
  });
  const line = await worker.says(/ starting /);
  const wanted = [
    / build=\d\S*\+eb90a5b /,
    / kline_intervals=1m,1h\b/,
    / secret_key=set /,
    / symbols=BTCUSDT,/,
  ];
  for (const part of wanted) if (!part.test(line)) throw new Error(`${part} is not in: ${line}`);
  for (const part of [/db_/, /of-kafka/]) if (part.test(line)) throw new Error(`${part} is in: ${line}`);
});
