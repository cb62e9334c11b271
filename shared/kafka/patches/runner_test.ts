import assert from "node:assert/strict";
import Runner from "kafkajs/src/consumer/runner.js";
import { silent } from "../../../tests/silent.ts";
import { until } from "../../../tests/until.ts";
import { sleep } from "../../wait.ts";
import { subscribe } from "../consumer.ts";
import "./runner.ts";
import { testClient } from "../test_cluster.ts";

const fault = (type: string) => Object.assign(new Error(type), { type, retriable: true });

Deno.test("a consumer that could not join anew ends: it does not read on with its assignment of before", async () => {
  let joins = 0;
  let fetches = 0;
  let moves = false;
  const client = testClient("t", {
    join: () => joins++ === 0 ? Promise.resolve() : Promise.reject(fault("GROUP_LOAD_IN_PROGRESS")),
    async fetch() {
      fetches++;
      await sleep(10);
      if (moves) throw fault("REBALANCE_IN_PROGRESS");
    },
  });
  const subscription = { topic: "t", group: "g", onBatch: () => Promise.resolve(), onJoin() {}, onLost() {} };
  await using consumer = await subscribe(client, subscription, silent);
  await until("it to read", () => fetches > 0);
  moves = true;
  await assert.rejects(consumer.failed, { message: "GROUP_LOAD_IN_PROGRESS" });
  assert.equal(joins, 2);
});

/** A runner of kafkajs whose group commits so. */
const runnerOf = (running: boolean, commitOffsets: () => Promise<void>) =>
  Object.assign(Object.create(Runner.prototype), { running, consumerGroup: { commitOffsets } });

Deno.test("a commit is one attempt, and one of a consumer that has ended has failed: without the patch it counts as done", async () => {
  let attempts = 0;
  const commit = () => {
    attempts++;
    return Promise.reject(fault("REBALANCE_IN_PROGRESS"));
  };
  await assert.rejects(runnerOf(true, commit).commitOffsets({}), { type: "REBALANCE_IN_PROGRESS" });
  await assert.rejects(runnerOf(false, commit).commitOffsets({}), /The consumer has ended/);
  assert.equal(attempts, 1);
});

Deno.test("a batch is handed over only if it begins where reading is to go on", async () => {
  const handed: string[] = [];
  const runner = Object.assign(Object.create(Runner.prototype), {
    running: true,
    eachBatchAutoResolve: true,
    instrumentationEmitter: { emit() {} },
    consumerGroup: {
      offsetManager: { memberAssignment: { t: [0] }, nextOffset: () => "7" },
      heartbeat: () => Promise.resolve(),
      resolveOffset() {},
    },
    eachBatch: ({ batch }: { batch: { fetchedOffset: string } }) => {
      handed.push(batch.fetchedOffset);
      return Promise.resolve();
    },
  });
  const batchOf = (partition: number, fetchedOffset: string) => ({
    ...{ topic: "t", partition, fetchedOffset, highWatermark: "9" },
    messages: [{ offset: "7" }],
    ...{ isEmpty: () => false, isEmptyDueToFiltering: () => false },
    ...{ firstOffset: () => "7", lastOffset: () => "7", offsetLag: () => "1", offsetLagLow: () => "1" },
  });
  for (const batch of [batchOf(0, "5"), batchOf(1, "7"), batchOf(0, "9")]) await runner.handleBatch(batch);
  assert.deepEqual(handed, []);
  await runner.handleBatch(batchOf(0, "7"));
  assert.deepEqual(handed, ["7"]);
});

Deno.test("a consumer whose brokers change while it stops comes to its end: without the patch it fetches for ever, without a pause", async () => {
  let brokers = [1, 2, 3];
  let isFetching = false;
  let idle = 0;
  const nothing = () => Promise.resolve();
  const logger = {
    namespace: () => logger,
    info() {},
    warn() {},
    debug(message: string) {
      if (message.includes("not running") && ++idle > 1_000) throw new Error("it fetches for ever");
    },
  };
  const runner = new Runner({
    ...{ logger, concurrency: 1, instrumentationEmitter: { emit() {} }, onCrash() {} },
    eachBatch: nothing,
    consumerGroup: {
      ...{ connect: nothing, joinAndSync: nothing, heartbeat: nothing, leave: nothing },
      getNodeIds() {
        if (brokers.length === 2) stopped ??= runner.stop();
        return brokers;
      },
      async fetch() {
        isFetching = true;
        await sleep(5);
        return [];
      },
    },
  });
  let stopped: Promise<void> | undefined;
  await runner.start();
  await until("it to fetch", () => isFetching);
  brokers = [1, 3];
  await until("it to be told to stop", () => stopped !== undefined);
  await stopped;
  assert.ok(idle <= 3, `${idle} fetches of a stopped consumer`);
});
