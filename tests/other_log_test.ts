/** Tests of topics that are truncated or made anew: their consumers notice it, and read them from the beginning. */
import assert from "node:assert/strict";
import { createCommitter } from "../consumers/committer.ts";
import { withAdmin } from "../shared/kafka/with_admin.ts";
import { readConfig } from "../shared/config/config.ts";
import { createClient } from "../shared/kafka/client.ts";
import { createLogGuard } from "../shared/kafka/log_guard.ts";
import { encodeMark, markOf } from "../shared/kafka/mark.ts";
import { type Kafka, type Lost, openKafka } from "../shared/kafka/mod.ts";
import { createLog } from "../shared/log.ts";
import { sleep } from "../shared/wait.ts";
import { commitWithoutMember } from "./commits.ts";
import { deleteBefore } from "./retention.ts";
import { silent } from "./silent.ts";
import { testKafka } from "./stack.ts";
import { until } from "./until.ts";

/** Reads and commits as a worker does: a consumer that fails is followed by another. */
function startReader(kafka: Kafka, topic: string, group: string) {
  const stop = new AbortController();
  const values: string[] = [];
  const lost: Lost[] = [];
  let committed = 0;
  const readOn = async () => {
    let generation = 0;
    await using consumer = await kafka.subscribe({
      topic,
      group,
      onJoin: () => void generation++,
      onLost: (one) => lost.push(one),
      onBatch({ partition, messages, nextOffset }) {
        values.push(...messages.map(({ value }) => new TextDecoder().decode(value!)));
        const offsets = [{ topic, partition, offset: nextOffset }];
        committer.add(offsets, messages.length, () => committed = Number(nextOffset));
        return Promise.resolve();
      },
    });
    await using committer = createCommitter(consumer, () => generation, silent);
    const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
    await Promise.race([consumer.failed, stopped]);
  };
  const reading = (async () => {
    while (!stop.signal.aborted) await readOn().catch(() => sleep(100, stop.signal));
  })();
  return {
    values,
    lost,
    untilCommitted: (offset: number) => until(`offset ${offset} to be committed`, () => committed === offset),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await reading;
    },
  };
}

/** A topic whose messages are all of one partition, and its group. */
async function topicOf(values: readonly string[]) {
  await using parts = new AsyncDisposableStack();
  const { config } = parts.use(await testKafka());
  const lines: string[] = [];
  const kafka = openKafka(config, createLog("test", "warn", (line) => lines.push(line)));
  const [topic, group] = [`${config.topicPrefix}t`, `${config.topicPrefix}g`];
  const send = async (values: readonly string[]) => {
    await using producer = kafka.producer(topic);
    await producer.send(values.map((value) => ({ key: "k", value })));
  };
  const commits = () =>
    withAdmin(createClient(config, silent), async (admin) => {
      const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return partitions.filter(({ offset }) => Number(offset) >= 0);
    });
  await kafka.ensureTopics([topic]);
  await send(values);
  const { partition } = (await kafka.extentOf(topic)).find(({ high }) => high > 0)!;
  const kept = parts.move();
  return {
    ...{ client: createClient(config, silent), topic, group, partition, send, commits },
    deleteBefore: (offset: number) => deleteBefore(config, { topic, partition, offset }),
    read: () => startReader(kafka, topic, group),
    /** What the log then says of it. */
    told: () => lines.filter((line) => line.includes("it was truncated or made anew")),
    /** Commits for the group while it has no members; by itself Kafka forgets what was committed of a topic that is deleted. */
    commit: (offset: string, metadata: string | null) =>
      commitWithoutMember(config, group, { topic, partition, offset, metadata }),
    /** Makes the topic anew with other messages. */
    async replace(values: readonly string[]) {
      await kafka.remove([topic], []);
      await kafka.ensureTopics([topic]);
      await send(values);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const utf8 = new TextEncoder();
const named = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i}`);
const old = named("old", 100);

/** Reads and commits all of a topic of 100 messages, replaces it while the group is away, and reads it again. */
async function readReplaced(values: readonly string[]) {
  await using topic = await topicOf(old);
  {
    await using reader = topic.read();
    await reader.untilCommitted(100);
  }
  const [{ offset, metadata }] = await topic.commits();
  await topic.replace(values);
  await topic.commit(offset, metadata);
  await using reader = topic.read();
  await until("all of the new topic", () => new Set(values).isSubsetOf(new Set(reader.values)));
  await reader.untilCommitted(values.length);
  await until("the log to say so", () => topic.told().length > 0);
}

Deno.test("a topic that was made anew while its consumer was away is read from its beginning, though it has more messages than before", async () => {
  await readReplaced(named("new", 150));
});

Deno.test("a log that lost its last 20 messages while its consumer was away, and got 50 new ones, is read from its beginning", async () => {
  await readReplaced([...old.slice(0, 80), ...named("new", 50)]);
});

Deno.test("a topic that is made anew while its consumer runs is read from its beginning, be it with fewer messages or with more", async () => {
  for (const count of [10, 150]) {
    await using topic = await topicOf(old);
    await using reader = topic.read();
    await reader.untilCommitted(100);
    const values = named("new", count);
    await topic.replace(values);
    await until("all of the new topic", () => new Set(values).isSubsetOf(new Set(reader.values)));
    await reader.untilCommitted(count);
  }
});

Deno.test("a log whose checked message was deleted by retention is the same: what is lost is told, and the rest is read once", async () => {
  await using topic = await topicOf(old);
  {
    await using reader = topic.read();
    await reader.untilCommitted(100);
  }
  await topic.send(named("later", 50));
  await topic.deleteBefore(120);
  await using reader = topic.read();
  await reader.untilCommitted(150);
  assert.deepEqual(reader.values, named("later", 50).slice(20));
  assert.deepEqual(reader.lost, [{ partition: topic.partition, from: 100, to: 120 }]);
  assert.deepEqual(topic.told(), []);
});

Deno.test("nothing is committed while it can't be known whether the log is the one that was read", async () => {
  const { kafka: config } = readConfig({ BOOTSTRAP_SERVER: "127.0.0.1:1" });
  const guard = createLogGuard(
    createClient(config, silent),
    { topic: "t", group: "g" },
    () => assert.fail(),
    silent,
  );
  using closing = new DisposableStack();
  closing.defer(guard.close);
  guard.assigned([0]);
  const commit = { topic: "t", partition: 0, offset: "1" };
  await assert.rejects(
    guard.marked([commit]),
    /^Error: it is not known yet whether the log is the one that was read$/,
  );
});

/** A guard of a topic of 100 messages, of which 105 were read. */
async function guardOfShortLog() {
  await using parts = new AsyncDisposableStack();
  const topic = parts.use(await topicOf(old));
  const late = named("late", 5);
  const last = { offset: "104", key: utf8.encode("k"), value: utf8.encode(late[4]) };
  await topic.commit("105", encodeMark(markOf(last)));
  const changes: unknown[] = [];
  const guard = createLogGuard(topic.client, topic, (beginnings) => changes.push(...beginnings), silent);
  parts.defer(guard.close);
  guard.assigned([topic.partition]);
  const place = { topic: topic.topic, partition: topic.partition };
  const kept = parts.move();
  return {
    ...{ changes, place },
    mark: () => guard.marked([{ ...place, offset: "105" }]),
    sendRest: () => topic.send(late),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

Deno.test("a log that does not show for a while what was read of it is the same: nothing is committed meanwhile", async () => {
  await using short = await guardOfShortLog();
  await assert.rejects(short.mark(), /^Error: it is not known yet/);
  await short.sendRest();
  await until("the log to be known", () => short.mark().then(() => true, () => false));
  assert.deepEqual(short.changes, []);
});

Deno.test("a log that goes on to end before what was read of it was truncated", async () => {
  await using short = await guardOfShortLog();
  await until("the log to be another one", () => short.changes.length > 0);
  assert.deepEqual(short.changes[0], { ...short.place, offset: "0" });
});

Deno.test("offsets that were committed without a mark are gone on from", async () => {
  await using topic = await topicOf(old);
  await topic.commit("60", null);
  await using reader = topic.read();
  await reader.untilCommitted(100);
  assert.deepEqual(reader.values, old.slice(60));
  assert.deepEqual(topic.told(), []);
  const [{ metadata }] = await topic.commits();
  assert.match(metadata!, /^bookline:99:[0-9a-f]+$/);
});

Deno.test("a log that is replaced without an error for who reads it is noticed by the next look, though reading has gone on in the new one", async () => {
  await using topic = await topicOf(old);
  const changed = Promise.withResolvers<unknown>();
  const guard = createLogGuard(topic.client, topic, changed.resolve, silent);
  using closing = new DisposableStack();
  closing.defer(guard.close);
  const last = (
    value: string,
    offset: number,
  ) => [{ key: utf8.encode("k"), value: utf8.encode(value), offset: `${offset}` }];
  guard.assigned([topic.partition]);
  guard.read(topic.partition, last("old 99", 99), 100);
  const commit = { topic: topic.topic, partition: topic.partition, offset: "100" };
  await until("the first look", () => guard.marked([commit]).then(() => true, () => false));
  await topic.replace(named("new", 150));
  guard.read(topic.partition, last("new 149", 149), 150);
  assert.deepEqual(await changed.promise, [{ ...commit, offset: "0" }]);
});
