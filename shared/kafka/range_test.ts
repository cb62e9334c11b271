import assert from "node:assert/strict";
import { silent, testKafka } from "../../tests/stack.ts";
import { deleteBefore } from "../../tests/retention.ts";
import { sleep } from "../wait.ts";
import { openKafka } from "./mod.ts";
import { type Portion, readRange } from "./range.ts";
import { testClient } from "./test_cluster.ts";

const extent = [{ partition: 0, low: 0, high: 100 }];
const offsetsOf = ({ messages }: Portion) => messages.map(({ offset }) => Number(offset));

/** A client whose partition 0 has 100 messages, of which a fetch gets ten; a leader that moves makes the group join anew. */
const hundred = (movesAt?: number) => {
  const asked: number[] = [];
  const client = testClient("t", {
    async fetch(nodeId, from) {
      await sleep(1);
      if (nodeId !== 1 || from >= 100) return;
      asked.push(from);
      if (from === movesAt) {
        movesAt = undefined;
        throw Object.assign(new Error("moved"), { type: "NOT_LEADER_FOR_PARTITION" });
      }
      return Array.from({ length: 10 }, (_, i) => from + i);
    },
  });
  return { client, asked };
};

Deno.test("no more is read before what was read is taken, and nothing once no more is wanted", async () => {
  const { client, asked } = hundred();
  const taken: number[] = [];
  await readRange(client, "t", extent, async (portion) => {
    const before = asked.length;
    await sleep(50);
    assert.equal(asked.length, before);
    taken.push(...offsetsOf(portion));
    return taken.length === 30;
  }, "g");
  assert.deepEqual(taken, Array.from({ length: 30 }, (_, i) => i));
});

Deno.test("what can't be taken fails the reading with its own words", async () => {
  const { client } = hundred();
  const take = () => Promise.reject(new Error("the topic is full"));
  await assert.rejects(readRange(client, "t", extent, take, "g"), /^Error: the topic is full$/);
});

Deno.test("each message is taken once, in order, though the leader moves meanwhile", async () => {
  const { client } = hundred(50);
  const taken: number[] = [];
  await readRange(client, "t", [{ partition: 0, low: 7, high: 93 }], (portion) => {
    taken.push(...offsetsOf(portion));
    return Promise.resolve(false);
  }, "g");
  assert.deepEqual(taken, Array.from({ length: 86 }, (_, i) => 7 + i));
});

Deno.test("what Kafka deletes before it is read is passed over, and the reading ends", async () => {
  await using test = await testKafka();
  const { config } = test;
  const kafka = openKafka(config, silent);
  const topic = `${config.topicPrefix}t`;
  await kafka.ensureTopics([topic]);
  await using producer = kafka.producer(topic);
  const messages = ["1", "2", "3"].map((value) => ({ key: "k", value }));
  await producer.send(messages);
  const before = await kafka.extentOf(topic);
  const { partition } = before.find(({ high }) => high === 3)!;
  await deleteBefore(config, { topic, partition, offset: 3 });
  const took: number[] = [];
  await kafka.readRange(topic, before, (portion) => {
    took.push(...offsetsOf(portion));
    return Promise.resolve(false);
  }, AbortSignal.timeout(60_000));
  assert.deepEqual(took, []);
});
