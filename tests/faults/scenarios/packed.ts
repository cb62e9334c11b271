import { memoryOf } from "../../../bench/process.ts";
import { createClient } from "../../../shared/kafka/client.ts";
import { createCluster } from "../../../shared/kafka/patches/own_cluster.ts";
import { groupName, topicName } from "../../../shared/kafka/mod.ts";
import { createProducer } from "../../../shared/kafka/producer.ts";
import { codecs } from "../../../shared/kafka/record_batch.ts";
import { retryForever } from "../../../shared/retry.ts";
import { book } from "../../../shared/streams/book.ts";
import { addPartitions } from "../../leaders.ts";
import { readAll } from "../../read_all.ts";
import { silent } from "../../silent.ts";
import { until } from "../../until.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";

const PARTITIONS = 12;
/** Bytes of an unpacked message. */
const UNPACKED_BYTES = 500_000;
/** Messages of one send. They become one batch a partition, which takes next to nothing on the way. */
const SIZE = 100;
/** What a consumer may take at its highest, in MB. */
const MOST_MEMORY = 250;

export const backlogPacked: Scenario = {
  name: "packed backlog",
  promise:
    "a backlog in 12 partitions that unpacks to hundreds of megabytes is drained in bounded memory, and doubles nothing",
  gaps: "none",
  seconds: { short: 60, long: 120 },
  async run(stage, form) {
    const { config, workers, kafka, problems, servers } = stage;
    const count = { short: 1_000, long: 4_000 }[form];
    const topic = topicName(config.kafka, book.message);
    await addPartitions(servers.kafka.bootstrap, topic, PARTITIONS);
    await workers.end(workers.of("book:consume")[0], "SIGKILL");
    await sendPadded(stage, count);

    const since = performance.now();
    const consumer = workers.start("book:consume");
    const group = groupName(config.kafka, book.message);
    await until("the backlog to be drained", async () => {
      return await kafka.messagesBehind(group, topic) < SIZE;
    }, LIMIT_MS);
    const { highest } = await memoryOf(consumer.pid);
    if (highest > MOST_MEMORY) problems.push(`draining took ${Math.round(highest)} MB`);
    await recovery(stage, Date.now());
    return { injected: count, recovery: performance.now() - since };
  },
};

/** Sends ticks that the topic already has again, each with spaces up to `UNPACKED_BYTES`, as batches of zstd. */
async function sendPadded({ config, kafka }: Stage, count: number): Promise<void> {
  const topic = topicName(config.kafka, book.message);
  const held = await readAll(kafka, topic, SIZE);
  await using producer = createProducer(
    createCluster(createClient(config.kafka, silent)),
    topic,
    codecs.zstd,
  );
  const retry = { log: silent, kind: "kafka" as const, signal: AbortSignal.timeout(LIMIT_MS) };
  for (let sent = 0; sent < count; sent += SIZE) {
    const messages = Array.from({ length: SIZE }, (_, i) => {
      const { key, value } = held[(sent + i) % held.length];
      return { key, value: String(value).padEnd(UNPACKED_BYTES) };
    });
    // New partitions have no leader for a moment.
    await retryForever(() => producer.send(messages), retry);
  }
}
