import assert from "node:assert/strict";
import { startExchange } from "../local/exchange/server.ts";
import { readConfig } from "../shared/config/config.ts";
import { groupName, topicName } from "../shared/kafka/mod.ts";
import { book } from "../shared/streams/book.ts";
import { gap } from "../shared/streams/gap.ts";
import { kline } from "../shared/streams/kline.ts";
import { finish } from "./faults/finish.ts";
import { readGaps } from "./faults/judge/gaps.ts";
import { faultsIn } from "./faults/judge/verdict.ts";
import { consumeTasks, produceTasks, recovery, streams, untilSubscribed } from "./faults/stage.ts";
import { createWorkers } from "./faults/workers.ts";
import { checkOut, hasCommit } from "./history.ts";
import { emptyDatabase, testKafka } from "./stack.ts";
import { until } from "./until.ts";
import { startWorker } from "./worker.ts";

/** A commit of the first version: the last one before a stream became message, feed and storage. */
const FIRST_VERSION = "0934678dc5e3558d5b2349f15893d25f4147bdc8";

const ignore = !await hasCommit(FIRST_VERSION);
if (ignore) {
  console.warn(
    `The takeover of the first version is not tested: this folder has no git history with ${
      FIRST_VERSION.slice(0, 7)
    }`,
  );
}

const SYMBOLS = ["BTCUSDT", "ETHUSDT"];

Deno.test({
  name:
    "a database and topics of the first version are taken over, and nothing is missing but what the restart took",
  ignore,
  async fn() {
    await using parts = new AsyncDisposableStack();
    const { path: project } = parts.use(await checkOut(FIRST_VERSION));
    const { sql, url } = parts.use(await emptyDatabase());
    const { kafka, config: { brokers, topicPrefix } } = parts.use(await testKafka());
    const feed = { kind: "simulated", symbols: SYMBOLS, intervals: ["1m"], rate: 200, seed: 14 } as const;
    const exchange = parts.use(await startExchange({ feed, paused: true }));
    const settings = {
      ...{ BOOTSTRAP_SERVER: brokers.join(), TOPIC_PREFIX: topicPrefix, DB_URL: url },
      ...{ BINANCE_WS_URL: exchange.wsUrl, BINANCE_REST_URL: exchange.url, SYMBOLS: SYMBOLS.join() },
    };
    const config = readConfig(settings);
    const problems: string[] = [];
    const problem = (words: string) => void problems.push(words);
    const migrate = async (folder?: string) => {
      await using worker = startWorker("migrate", settings, folder);
      assert.equal((await worker.ended).code, 0, worker.lines.join("\n"));
    };
    const behind = async () => {
      const left = [kline, book, gap].map(({ message }) =>
        kafka.messagesBehind(groupName(config.kafka, message), topicName(config.kafka, message))
      );
      return await Promise.all(left);
    };

    await migrate(project);
    const former = parts.use(createWorkers(settings, problem, project));
    for (const task of ["kline:consume", "book:consume", "gap:consume", ...produceTasks]) former.start(task);
    await untilSubscribed(exchange, config, 1);
    exchange.start();
    await recovery({ streams, exchange, sql, kafka, config, problems, workers: former }, Date.now());
    // The consumers end first: messages that the former producers sent are left to today's.
    await former.drain(former.allOf(":consume"));
    await until("messages to wait on both topics", async () => {
      const [candles, books] = await behind();
      return candles > 0 && books > 0;
    });
    await former.drain(former.allOf(":produce"));
    const sentBooks = (await kafka.extentOf(topicName(config.kafka, book.message)))
      .reduce((sum, { low, high }) => sum + high - low, 0);
    assert.ok((await behind())[1] < sentBooks, "today's group has the commits of the former one");
    const [{ count: stored }] = await sql`select count(*)::int from websocket.order_book_data`;

    await migrate();
    const workers = parts.use(createWorkers(settings, problem));
    for (const task of [...consumeTasks, "gap:consume", ...produceTasks]) workers.start(task);
    await untilSubscribed(exchange, config, 1);
    const running = { streams, exchange, sql, kafka, config, problems, workers };
    await recovery(running, Date.now());
    const gapsOf = async () =>
      (await readGaps(sql)).filter(({ to }) => to < Infinity).map(({ stream, symbol, reason }) =>
        `${stream} ${symbol} ${reason}`
      ).sort();
    await until("the restart to be recorded", async () => (await gapsOf()).length >= 4);

    const { verdict, dead } = await finish(running);
    const { inGaps, sent } = verdict;
    assert.deepEqual(problems, []);
    assert.deepEqual({ ...faultsIn(verdict), dead }, { dead: 0 });
    assert.deepEqual(
      await gapsOf(),
      ["book", "kline"].flatMap((stream) => SYMBOLS.map((symbol) => `${stream} ${symbol} restart`)),
    );
    assert.ok(stored > 0 && inGaps > 0 && sent > stored + inGaps);
    assert.deepEqual(await behind(), [0, 0, 0]);
  },
});
