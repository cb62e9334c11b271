import assert from "node:assert/strict";
import fc from "fast-check";
import type kafkajs from "kafkajs";
import { sleep } from "../wait.ts";
import createKafkajsProducer from "kafkajs/src/producer/index.js";
import { chunksOf, createProducer, type Outgoing } from "./producer.ts";
import type { Bundle } from "./produce_request.ts";
import { codecs, encodeRecordBatch } from "./record_batch.ts";

/** What a broker takes as one batch by default: `message.max.bytes`. */
const BROKER_BYTES = 1_048_588;

const message: fc.Arbitrary<Outgoing> = fc.record({
  key: fc.oneof(fc.constantFrom("BTCUSDT", null), fc.nat(100_000).map((size) => new Uint8Array(size))),
  value: fc.oneof(fc.nat(300_000), fc.constantFrom(0, 899_000, 900_000)).map((size) => new Uint8Array(size)),
  headers: fc.option(fc.constant({ "bookline-cause": "c".repeat(1_000) }), { nil: undefined }),
});

Deno.test("small messages with long keys are not sent all at once", () => {
  const messages = Array.from({ length: 20_000 }, () => ({ key: "k".repeat(400), value: "v" }));
  for (const chunk of chunksOf(messages)) assert.ok(encodeRecordBatch(chunk, 0).length <= BROKER_BYTES);
});

Deno.test("what is sent at once is never more than a broker takes, and nothing is left out", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
      const chunks = [...chunksOf(messages)];
      assert.deepEqual(chunks.flat(), messages);
      for (const chunk of chunks) {
        assert.ok(chunk.length > 0);
        assert.ok(encodeRecordBatch(chunk, 0).length <= BROKER_BYTES);
      }
    }),
    { numRuns: 40 },
  );
});

/** What kafkajs sends to a broker. */
interface Request {
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly Bundle[] }[];
  }[];
}

/**
 * A client whose producers are kafkajs' own, on two brokers that are not: each leads one partition, until the second one says
 * that the first leads both. What they take is added to `stored`.
 */
function movingClient(stored: string[]): kafkajs.Kafka {
  const nothing = () => Promise.resolve();
  let hasMoved = false;
  const leaders = () => [1, hasMoved ? 1 : 2];
  const produce = async (nodeId: number, { topicData }: Request) => {
    await sleep(nodeId * 5);
    if (nodeId === 2) {
      hasMoved = true;
      throw Object.assign(new Error("another broker leads"), {
        type: "NOT_LEADER_FOR_PARTITION",
        retriable: true,
      });
    }
    const taken = topicData.flatMap(({ partitions }) => partitions.flatMap(({ messages }) => messages));
    stored.push(...taken.flatMap(({ messages }) => messages.map(({ value }) => String(value))));
    return { topics: [] };
  };
  const cluster = {
    ...{ connect: nothing, disconnect: nothing, isConnected: () => true, addMultipleTargetTopics: nothing },
    ...{ refreshMetadata: nothing, refreshMetadataIfNecessary: nothing },
    findTopicPartitionMetadata: () => leaders().map((leader, partitionId) => ({ partitionId, leader })),
    findLeaderForPartitions: (_topic: string, partitions: (number | string)[]) =>
      Object.groupBy(partitions.map(Number), (partition) => leaders()[partition]),
    findBroker: ({ nodeId }: { nodeId: string }) =>
      Promise.resolve({ nodeId, produce: (request: Request) => produce(Number(nodeId), request) }),
  };
  const logger = { namespace: () => logger, debug() {}, info() {}, warn() {}, error() {} };
  const retry = { retries: 2, initialRetryTime: 10 };
  return {
    producer: (options: { retry?: object }) =>
      createKafkajsProducer({ cluster, logger, ...options, retry: { ...retry, ...options.retry } }),
  } as kafkajs.Kafka;
}

Deno.test("a send in which a leader moves fails, and sent again it leaves nothing out", async () => {
  const stored: string[] = [];
  await using producer = createProducer(movingClient(stored), codecs.none);
  const messages = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"].map((key) => ({ key, value: `of ${key}` }));
  const batches = [{ topic: "t", messages }];
  await assert.rejects(producer.send(batches), /another broker leads/);
  await producer.send(batches);
  assert.deepEqual([...new Set(stored)].sort(), messages.map(({ value }) => value));
});
