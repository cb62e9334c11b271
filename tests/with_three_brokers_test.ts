/** Tests on a Kafka of three brokers, which they share. By their file's name they come last. */
import assert from "node:assert/strict";
import { type KafkaCluster, startKafkaCluster } from "../local/kafka_cluster.ts";
import { readConfig } from "../shared/config/config.ts";
import { openKafka } from "../shared/kafka/mod.ts";
import { growCommitsUntil, moveCoordinator } from "./commits.ts";
import { untilGroupsAreLed } from "./groups.ts";
import { addPartitions, leaderOf, moveLeader, placeOf, untilInSync } from "./leaders.ts";
import { ownFolder } from "./servers.ts";
import { silent } from "./silent.ts";
import { openTraffic, type Traffic } from "./traffic.ts";
import { until } from "./until.ts";

/** Offsets are committed within this time, whatever becomes of a broker, in ms. */
const COMMIT_MS = 15_000;

/** New partitions are used within this time, in ms. */
const GROWN_MS = 30_000;

/** A coordinator takes so long to load what was committed, in ms. */
const LOAD_MS = 1_000;

/** Runs a step amid traffic, and checks that commits have not paused for too long. */
async function amid(traffic: Traffic, step: () => Promise<void>): Promise<void> {
  await traffic.untilCommitted();
  traffic.longestPause();
  await step();
  await traffic.untilCommitted();
  const pause = traffic.longestPause();
  assert.ok(pause < COMMIT_MS, `nothing was committed for ${pause} ms`);
}

/** Restarts a broker that was stopped or killed, and waits until it has caught up. */
async function restore({ bootstrap, brokers }: KafkaCluster, id: number, topic: string): Promise<void> {
  await brokers.get(id)!.restart();
  await untilInSync(bootstrap, [topic, "__consumer_offsets"]);
}

Deno.test("whatever happens to brokers, messages are read once, with a group and without, and committed within 15 s", async (t) => {
  await using folder = await ownFolder("kafka-cluster");
  await using cluster = await startKafkaCluster({ folder: folder.path });
  const { bootstrap, brokers } = cluster;
  await untilGroupsAreLed(bootstrap);
  await using traffic = await openTraffic(bootstrap, "traffic");
  const { topic, group } = traffic;
  const commits = placeOf(group);
  const step = (name: string, run: () => Promise<void>) => t.step(name, () => amid(traffic, run));
  await addPartitions(bootstrap, topic, 8);
  const added = performance.now();
  await growCommitsUntil(bootstrap, group, LOAD_MS);

  await step("the coordinator moves three times, and takes a second to load what was committed", async () => {
    for (let n = 0; n < 3; n++) {
      await moveCoordinator(bootstrap, group);
      await traffic.untilCommitted();
    }
  });
  await step("partitions are added", async () => {
    const times = () => [4, 5, 6, 7].map((partition) => traffic.partitions.get(partition) ?? Infinity);
    await until("all of them to be used", () => Math.max(...times()) < Infinity, 2 * GROWN_MS);
    const took = Math.max(...times()) - added;
    assert.ok(took < GROWN_MS, `they were used after ${took} ms`);
  });
  await step(
    "a topic's end and what is behind can be told while partitions are added and leaders move",
    async () => {
      const { kafka: config } = readConfig({ BOOTSTRAP_SERVER: bootstrap });
      const kafka = openKafka(config, silent);
      const growing = "growing";
      await kafka.ensureTopics([growing]);
      for (let count = 8; count <= 64; count += 8) {
        await addPartitions(bootstrap, growing, count);
        await kafka.extentOf(growing);
      }
      for (let partition = 0; partition < 8; partition++) {
        await moveLeader(bootstrap, { topic: growing, partition });
        assert.equal(await kafka.messagesBehind(group, growing), 0);
      }
    },
  );
  await step("the leader of each partition moves", async () => {
    for (let partition = 0; partition < 4; partition++) await moveLeader(bootstrap, { topic, partition });
  });
  await step("the coordinator is frozen for longer than its session", async () => {
    const frozen = brokers.get(await leaderOf(bootstrap, commits))!;
    Deno.kill(frozen.pid, "SIGSTOP");
    try {
      await traffic.untilCommitted();
    } finally {
      Deno.kill(frozen.pid, "SIGCONT");
    }
    await untilInSync(bootstrap, [topic, commits.topic]);
  });
  await step("the coordinator is killed", async () => {
    const id = await leaderOf(bootstrap, commits);
    await brokers.get(id)!.kill();
    await traffic.untilCommitted();
    await restore(cluster, id, topic);
  });
  await step("the coordinator is restarted", async () => {
    const id = await leaderOf(bootstrap, commits);
    await brokers.get(id)!.stop();
    await restore(cluster, id, topic);
  });
  assert.deepEqual(await traffic.finish(), { lost: 0, twice: 0 });
});
