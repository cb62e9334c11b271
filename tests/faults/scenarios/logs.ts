import { join } from "node:path";
import { groupName, topicName } from "../../../shared/kafka/mod.ts";
import { book } from "../../../shared/streams/book.ts";
import { sleep } from "../../../shared/wait.ts";
import { deleteBefore } from "../../retention.ts";
import { until } from "../../until.ts";
import { truncateLogs } from "../truncate.ts";
import { readGaps } from "../judge/gaps.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";

const TASK = "book:consume";

const topicOf = ({ config }: Stage) => topicName(config.kafka, book.message);

/** What Kafka lost must be a gap with that cause. */
const verify: Scenario["verify"] = async ({ sql }, { inGaps }) => {
  if (inGaps === 0) return "nothing was lost on Kafka";
  const gaps = (await readGaps(sql)).filter(({ to }) => to < Infinity);
  const other = gaps.find(({ cause, stream }) => cause !== "kafka" || stream !== "book");
  if (other) return `a gap that Kafka has no part in: ${JSON.stringify(other)}`;
};

export const topicMadeAnew: Scenario = {
  name: "topic deleted and made anew",
  promise:
    "what a topic held that is deleted and made anew while everything runs is a gap, and what comes then is stored",
  gaps: "recorded",
  seconds: { short: 50, long: 120 },
  async run(stage, form) {
    const { workers, kafka } = stage;
    const times = { short: 1, long: 3 }[form];
    let longest = 0;
    for (let n = 0; n < times; n++) {
      const [{ pid }] = workers.of(TASK);
      // It is frozen for a moment, so that the topic has something that is not stored.
      Deno.kill(pid, "SIGSTOP");
      try {
        await sleep(3_000);
        await kafka.remove([topicOf(stage)], []);
        await until("the topic to be there again", async () => {
          await kafka.ensureTopics([topicOf(stage)]).catch(() => {});
          return (await kafka.listTopics()).includes(topicOf(stage));
        }, LIMIT_MS);
      } finally {
        Deno.kill(pid, "SIGCONT");
      }
      longest = Math.max(longest, await recovery(stage, Date.now()));
    }
    return { injected: times, recovery: longest };
  },
  verify,
};

export const logTruncated: Scenario = {
  name: "log truncated",
  promise:
    "a log that loses its last 20 records while its consumer is away, and gets 50 others, is read again, and what was lost is a gap",
  gaps: "recorded",
  seconds: { short: 60, long: 60 },
  async run(stage) {
    const { workers, kafka, servers, config } = stage;
    const topic = topicOf(stage);
    const group = groupName(config.kafka, book.message);
    const size = async () => (await kafka.extentOf(topic)).reduce((sum, { high }) => sum + high, 0);
    await workers.drain(workers.of(TASK));
    await until("messages that are not stored", async () => {
      return await kafka.messagesBehind(group, topic) > 50;
    }, LIMIT_MS);
    const before = await size();
    await servers.kafka.kill();
    const lost = await truncateLogs(join(servers.kafkaFolder, "data"), topic, 20);
    await servers.kafka.restart();
    await until("other messages in their place", async () => await size() > before + 50, LIMIT_MS);
    workers.start(TASK);
    return { injected: lost, recovery: await recovery(stage, Date.now()) };
  },
  verify,
};

export const retentionPassed: Scenario = {
  name: "retention of Kafka passed",
  promise: "what Kafka's retention deletes while a consumer is away is a gap",
  gaps: "recorded",
  seconds: { short: 45, long: 45 },
  async run(stage) {
    const { workers, kafka, config } = stage;
    const topic = topicOf(stage);
    await workers.drain(workers.of(TASK));
    await sleep(5_000);
    const extent = await kafka.extentOf(topic);
    for (const { partition, high } of extent) {
      await deleteBefore(config.kafka, { topic, partition, offset: high });
    }
    workers.start(TASK);
    return { injected: extent.length, recovery: await recovery(stage, Date.now()) };
  },
  verify,
};
