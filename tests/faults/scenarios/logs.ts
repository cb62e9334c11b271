import { groupName, type Kafka, topicName } from "../../../shared/kafka/mod.ts";
import { createClient } from "../../../shared/kafka/client.ts";
import { withAdmin } from "../../../shared/kafka/with_admin.ts";
import { sleep } from "../../../shared/wait.ts";
import { book } from "../../../shared/streams/book.ts";
import { deleteBefore } from "../../retention.ts";
import { silent } from "../../silent.ts";
import { until } from "../../until.ts";
import { readGaps } from "../judge/gaps.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";
import { truncateLogs } from "../truncate.ts";

const TASK = "book:consume";
/** How long messages are acked that are not stored, before they are lost. */
const UNREAD_MS = 3_000;
/** Messages of each partition that were stored, and that the log loses, too; and those that come after the loss. */
const TRUNCATED = 20;
const NEW = 50;

const topicOf = ({ config }: Stage) => topicName(config.kafka, book.message);

/** The ticks that Kafka lost are told, and so by the cause; gaps of other causes are none. */
async function onlyByKafka({ sql }: Stage, { inGaps }: { inGaps: number }): Promise<string | undefined> {
  const gaps = (await readGaps(sql)).filter(({ to }) => to < Infinity);
  const other = gaps.find(({ cause, state, stream }) =>
    cause !== "kafka" || state !== "lost" || stream !== "book"
  );
  if (other) return `a gap that is none: ${JSON.stringify(other)}`;
  if (inGaps === 0) return "no message was lost";
}

export const topicRemade: Scenario = {
  name: "topic made anew",
  promise:
    "what a topic had that was deleted and made anew under running workers, and was not stored, is told as lost",
  gaps: "recorded",
  seconds: { short: 80, long: 240 },
  async run(stage, form) {
    const { kafka, workers } = stage;
    const topic = topicOf(stage);
    const times = { short: 1, long: 3 }[form];
    let longest = 0;
    for (let n = 0; n < times; n++) {
      await recovery(stage, Date.now());
      const [consumer] = workers.of(TASK);
      Deno.kill(consumer.pid, "SIGSTOP");
      await sleep(UNREAD_MS);
      await kafka.remove([topic], []);
      await kafka.ensureTopics([topic]);
      Deno.kill(consumer.pid, "SIGCONT");
      longest = Math.max(longest, await recovery(stage, Date.now()));
      await untilTold(stage, n + 1);
    }
    return { injected: times, recovery: longest };
  },
  verify: onlyByKafka,
};

export const logTruncated: Scenario = {
  name: "log truncated",
  promise:
    "what a log lost at its end while its consumer was away is told as lost where it was not stored, though it has more messages than before",
  gaps: "recorded",
  seconds: { short: 60, long: 60 },
  async run(stage) {
    const { kafka, workers, servers } = stage;
    const topic = topicOf(stage);
    await workers.drain(workers.of(TASK));
    const committed = await committedOf(stage, topic);
    await sleep(UNREAD_MS);
    await servers.kafka.kill();
    const injected = await truncateLogs(
      servers.kafkaFolder,
      topic,
      new Map([...committed].map(([partition, offset]) => [partition, offset - TRUNCATED])),
    );
    await servers.kafka.restart();
    await untilBeyond(kafka, topic, committed);
    workers.start(TASK);
    return { injected, recovery: await recovery(stage, Date.now()) };
  },
  verify: onlyByKafka,
};

export const retentionPassed: Scenario = {
  name: "retention passed",
  promise: "what retention deletes while its consumer is away is told as lost, to the message",
  gaps: "recorded",
  seconds: { short: 40, long: 90 },
  async run(stage, form) {
    const { config, kafka, workers } = stage;
    const topic = topicOf(stage);
    const times = { short: 1, long: 4 }[form];
    let longest = 0;
    for (let n = 0; n < times; n++) {
      await workers.drain(workers.of(TASK));
      await sleep(UNREAD_MS);
      for (const { partition, high } of await kafka.extentOf(topic)) {
        await deleteBefore(config.kafka, { topic, partition, offset: high });
      }
      workers.start(TASK);
      longest = Math.max(longest, await recovery(stage, Date.now()));
    }
    return { injected: times, recovery: longest };
  },
  verify: onlyByKafka,
};

/** What the consumers have committed, of the partitions that have messages. */
async function committedOf({ config }: Stage, topic: string): Promise<Map<number, number>> {
  const [{ partitions }] = await withAdmin(
    createClient(config.kafka, silent),
    (admin) => admin.fetchOffsets({ groupId: groupName(config.kafka, book.message), topics: [topic] }),
  );
  const committed = partitions.map(({ partition, offset }) => [partition, Number(offset)] as const);
  return new Map(committed.filter(([, offset]) => offset > TRUNCATED));
}

/** Waits until each log has more messages than were committed of it. */
async function untilBeyond(
  kafka: Kafka,
  topic: string,
  committed: ReadonlyMap<number, number>,
): Promise<void> {
  await until("new messages of each partition", async () => {
    const extent = await kafka.extentOf(topic).catch(() => []);
    return extent.length > 0 &&
      [...committed].every(([partition, offset]) =>
        extent.some((one) => one.partition === partition && one.high >= offset - TRUNCATED + NEW)
      );
  }, LIMIT_MS);
}

/** Waits until each symbol has so many gaps by Kafka's fault: a log that is shorter than before is judged after 30 s. */
async function untilTold({ sql, config }: Stage, times: number): Promise<void> {
  await until("the loss of each symbol to be told", async () => {
    const told = await sql`
      select symbol from websocket.gap_data where cause = 'kafka' and ended_at is not null group by symbol having count(*) >= ${times}`;
    return told.length === config.symbols.length;
  }, LIMIT_MS);
}
