import assert from "node:assert/strict";
import { freePort } from "../local/ports.ts";
import { emptyDatabase, testDatabase, testKafka } from "./stack.ts";
import { sleep } from "../shared/wait.ts";
import { SAME_WISH_MS } from "../shared/stop_signals.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

const producers = ["kline:produce", "book:produce"];
const consumers = ["kline:consume", "book:consume", "gap:consume", "coverage:consume", "worker:consume"];

/** Two wrong values of what the tasks use, and what is said of them. */
const refused: { tasks: string[]; env: Record<string, string>; says: RegExp[] }[] = [
  {
    tasks: producers,
    env: { SYMBOLS: "BTC/USDT", BUFFER_BYTES: "lots" },
    says: [
      /Cannot use SYMBOLS: it names [^ ]+, which is no symbol. Example: SYMBOLS=BTCUSDT,ETHUSDT/,
      /Cannot use BUFFER_BYTES: it must be a whole number. Example: BUFFER_BYTES=67108864/,
    ],
  },
  {
    tasks: [...consumers, "migrate"],
    env: { DB_URL: "mysql://h/x", LOG_LEVEL: "loud" },
    says: [
      /Cannot use DB_URL: it must be postgres:.* Example: DB_URL=postgres:/,
      /Cannot use LOG_LEVEL: it must be debug, info, warn or error. Example: LOG_LEVEL=info/,
    ],
  },
];

Deno.test("every worker refuses a wrong configuration with code 78, before it connects anywhere", async () => {
  const all = refused.flatMap(({ tasks, ...rest }) => tasks.map((task) => ({ task, ...rest })));
  await Promise.all(all.map(async ({ task, env, says }) => {
    await using worker = startWorker(task, env);
    assert.equal((await worker.ended).code, 78, task);
    const said = worker.lines.filter((line) => /Cannot use/.test(line)).join("\n");
    for (const words of says) assert.match(said, words);
    assert.ok(!worker.lines.some((line) => /Connect/.test(line)), worker.lines.join("\n"));
  }));
});

Deno.test("a producer refuses a buffer that its heap can't hold with code 78", async () => {
  await using worker = startWorker("book:produce", { BUFFER_BYTES: String(2 ** 34) });
  assert.equal((await worker.ended).code, 78);
  await worker.says(/Cannot use BUFFER_BYTES: it is 17179869184, more than half of the \d+ bytes of heap/);
});

Deno.test("a worker logs its build and its configuration at the start", async () => {
  await using worker = startWorker("gap:consume", { BOOKLINE_BUILD: "abc1234" });
  await worker.says(
    /starting build=\d+\.\d+\.\d+\+abc1234 market=usdm brokers=localhost:9092 .*db_password="not set"/,
  );
});

Deno.test("a worker ends if its health port is taken", async () => {
  const taken = Deno.listen({ port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await using worker = startWorker("gap:consume", { HEALTH_PORT: String(port) });
  assert.equal((await worker.ended).code, 1);
  taken.close();
  await worker.says(new RegExp(`Cannot use HEALTH_PORT: port ${port} can't be used: another process has it`));
});

Deno.test("consumers refuse an older schema with code 78, saying which command to run", async () => {
  await using database = await emptyDatabase();
  await using kafka = await testKafka();
  const env = {
    DB_URL: database.url,
    BOOTSTRAP_SERVER: kafka.config.brokers.join(),
    TOPIC_PREFIX: kafka.config.topicPrefix,
  };
  await Promise.all(consumers.map(async (task) => {
    await using worker = startWorker(task, env);
    assert.equal((await worker.ended).code, 78, task);
    assert.match(
      worker.lines.join("\n"),
      /Cannot use the database as its schema must be \d+ or later: it is 0. Run: deno task migrate/,
    );
  }));
});

Deno.test("a password that the database refuses ends the consumer with the reason", async () => {
  await using database = await testDatabase();
  await using kafka = await testKafka();
  await using worker = startWorker("kline:consume", {
    DB_URL: database.url,
    DB_PASSWORD: "not-this-one",
    BOOTSTRAP_SERVER: kafka.config.brokers.join(),
    TOPIC_PREFIX: kafka.config.topicPrefix,
  });
  assert.equal((await worker.ended).code, 1);
  const said = worker.lines.join("\n");
  assert.match(said, /password authentication failed/);
  assert.ok(!said.includes("not-this-one"));
});

Deno.test("a worker without Kafka says what it can't reach and waits, and a second signal ends it at once", async () => {
  await using database = await testDatabase();
  const broker = `127.0.0.1:${freePort()}`;
  await using consumer = startWorker("kline:consume", { DB_URL: database.url, BOOTSTRAP_SERVER: broker });
  await using producer = startWorker("kline:produce", {
    BOOTSTRAP_SERVER: broker,
    TOPIC_PREFIX: "apart.",
    BINANCE_WS_URL: `ws://127.0.0.1:${freePort()}`,
    BINANCE_REST_URL: `http://127.0.0.1:${freePort()}`,
  });
  for (const worker of [consumer, producer]) {
    await worker.says(new RegExp(`Cannot reach Kafka at ${broker}: .*; trying until it works`));
    await until("it to wait", async () => (await worker.report())?.status === "waiting");
  }
  producer.kill("SIGTERM");
  await producer.says(/stopping: finishing what is in memory; a second signal quits at once/);
  await sleep(SAME_WISH_MS);
  // The code of who quits at the second one: who finishes first, or can't, has others.
  assert.equal((await producer.kill("SIGTERM")).code, 143);
});
