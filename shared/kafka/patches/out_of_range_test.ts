import assert from "node:assert/strict";
import { deleteBefore } from "../../../tests/retention.ts";
import { testKafka } from "../../../tests/stack.ts";
import { until } from "../../../tests/until.ts";
import OffsetManager from "kafkajs/src/consumer/offsetManager/index.js";
import type { Lost } from "../position.ts";

/** A topic with 100 messages, all of one partition, and what the tests do with it. */
async function topicOf100() {
  await using parts = new AsyncDisposableStack();
  const { kafka, config } = parts.use(await testKafka());
  const topic = `${config.topicPrefix}t`;
  await kafka.ensureTopics([topic]);
  const producer = parts.use(kafka.producer(topic));
  const send = (count: number) =>
    producer.send(Array.from({ length: count }, () => ({ key: "k", value: "v" })));
  await send(100);
  const { partition } = (await kafka.extentOf(topic)).find(({ high }) => high > 0)!;
  const kept = parts.move();
  return {
    partition,
    send,
    deleteBefore: (offset: number) => deleteBefore(config, { topic, partition, offset }),
    /** Reads as a group; `take` is awaited for each batch. */
    async read(group: string, take = () => Promise.resolve()) {
      const offsets: number[] = [];
      const lost: Lost[] = [];
      const consumer = await kafka.subscribe({
        topic,
        group: config.topicPrefix + group,
        onBatch({ messages }) {
          offsets.push(...messages.map(({ offset }) => Number(offset)));
          return take();
        },
        onJoin() {},
        onLost: (one) => lost.push(one),
      });
      return {
        offsets,
        lost,
        until: (last: number) =>
          Promise.race([until(`offset ${last}`, () => offsets.at(-1) === last), consumer.failed]),
        commit: (offset: number) => consumer.commit([{ topic, partition, offset: String(offset) }]),
        [Symbol.asyncDispose]: () => consumer[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

Deno.test("what Kafka deleted since the last commit is told, each time until something newer is committed: without the patch nobody is told", async () => {
  await using topic = await topicOf100();
  /** Reads to an offset, commits if told to, and leaves. */
  const read = async (last: number, commit?: number) => {
    await using reader = await topic.read("g");
    await reader.until(last);
    if (commit !== undefined) await reader.commit(commit);
    return { first: reader.offsets[0], lost: reader.lost };
  };
  assert.deepEqual(await read(99, 10), { first: 0, lost: [] });
  await topic.deleteBefore(60);
  const lost = [{ partition: topic.partition, from: 10, to: 60 }];
  assert.deepEqual(await read(99), { first: 60, lost });
  assert.deepEqual(await read(99, 70), { first: 60, lost });
  assert.deepEqual(await read(99), { first: 70, lost: [] });
});

Deno.test("what Kafka deletes before a reader that is held up gets there is told from where it had come to", async () => {
  await using topic = await topicOf100();
  const held = Promise.withResolvers<void>();
  await using reader = await topic.read("g", () => held.promise);
  using hold = new DisposableStack();
  hold.defer(held.resolve);
  await reader.until(99);
  await topic.send(50);
  await topic.deleteBefore(130);
  hold.dispose();
  await reader.until(149);
  assert.deepEqual(reader.lost, [{ partition: topic.partition, from: 100, to: 130 }]);
  assert.equal(reader.offsets[100], 130);
});

Deno.test("a group that reads a topic for the first time has lost nothing of what was deleted before", async () => {
  await using topic = await topicOf100();
  await topic.deleteBefore(60);
  await using reader = await topic.read("g");
  await reader.until(99);
  assert.deepEqual([reader.offsets[0], reader.lost], [60, []]);
});

Deno.test("that a broker does not have an offset is believed only if the partition's leader does not have it either", async () => {
  /** Where reading goes on from, after a broker has refused offset 50 of a partition from `low` to `high`. */
  const after = async (low: number, high: number) => {
    let next = 50;
    const manager = Object.assign(Object.create(OffsetManager.prototype), {
      cluster: {
        refreshMetadata: () => Promise.resolve(),
        fetchTopicsOffset: ([{ fromBeginning }]: { fromBeginning: boolean }[]) =>
          Promise.resolve([{ partitions: [{ offset: String(fromBeginning ? low : high) }] }]),
      },
      topicConfigurations: { t: { fromBeginning: true } },
      nextOffset: () => next,
      resolveOffset: ({ offset }: { offset: string }) => next = Number(offset) + 1,
    });
    await manager.setDefaultOffset({ topic: "t", partition: 0 });
    return next;
  };
  assert.deepEqual([await after(60, 100), await after(0, 40)], [60, 0]);
  assert.deepEqual([await after(0, 100), await after(50, 100), await after(0, 50)], [50, 50, 50]);
});
