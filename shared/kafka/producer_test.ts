import assert from "node:assert/strict";
import fc from "fast-check";
import { sleep } from "../wait.ts";
import { chunksOf } from "./chunks.ts";
import type { Cluster } from "./patches/own_cluster.ts";
import type { Outgoing } from "./outgoing.ts";
import { createProducer, type WentBack } from "./producer.ts";
import type { ProduceData } from "./patches/produce.ts";
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

type Refusal = number | Error | "silent";

/**
 * Brokers that are not: broker `n % 2` leads partition n of four. `answer` gives what a partition says to a batch: an error code,
 * an error of the whole request, or nothing at all. What they take is added to `stored`.
 */
function clusterOf(
  answer: (partition: number, messages: readonly Outgoing[]) => Refusal | undefined,
  leader = (partition: number) => partition % 2,
) {
  const stored: string[] = [];
  const wentBack: WentBack[] = [];
  /** The offset of the next message of each partition. */
  const ends = [0, 0, 0, 0];
  let refreshes = 0;
  const nothing = () => Promise.resolve();
  const produce = async (nodeId: number, { topicData: [{ partitions }] }: ProduceData) => {
    await sleep(nodeId * 5);
    const answered = partitions.flatMap(({ partition, messages }) => {
      const said = answer(partition, messages);
      if (said instanceof Error) throw said;
      if (said === "silent") return [];
      if (said) return { partition, errorCode: said, baseOffset: "-1" };
      stored.push(...messages.map(({ value }) => String(value)));
      const baseOffset = String(ends[partition]);
      ends[partition] += messages.length;
      return { partition, errorCode: 0, baseOffset };
    });
    return { topics: [{ partitions: answered }] };
  };
  const cluster: Cluster = {
    ...{ isConnected: () => true, connect: nothing, disconnect: nothing, addMultipleTargetTopics: nothing },
    ...{ refreshMetadataIfNecessary: nothing, removeBroker() {} },
    refreshMetadata: () => Promise.resolve(void refreshes++),
    findTopicPartitionMetadata: () =>
      [0, 1, 2, 3].map((partitionId) => ({
        ...{ partitionId, leader: leader(partitionId), partitionErrorCode: 0, replicas: [], isr: [] },
      })),
    findBroker: ({ nodeId }) =>
      Promise.resolve({ produce: (data) => produce(nodeId, data), fetch: () => assert.fail() }),
    fetchTopicsOffset: () => assert.fail(),
  };
  const producer = createProducer(cluster, "t", codecs.none, (log) => void wentBack.push(log));
  return { producer, stored, ends, wentBack, refreshes: () => refreshes };
}

const symbols = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT", "DOGEUSDT", "DOTUSDT"];
const messages = Array.from({ length: 80 }, (_, n) => ({ key: symbols[n % 8], value: `${n}` }));
const valuesOf = (some: readonly { message: { value: string } }[]) =>
  some.map(({ message }) => message.value);
const all = messages.map(({ value }) => value).sort();

Deno.test("what some partitions refuse is told, and what the others acked is not sent again", async () => {
  let isBroken = true;
  const { producer, stored } = clusterOf((partition) => isBroken && partition === 1 ? 19 : undefined);
  const unsent = await producer.trySend(messages);
  assert.ok(unsent.length > 0 && stored.length > 0);
  assert.deepEqual([...stored, ...valuesOf(unsent)].sort(), all);
  assert.match(String(unsent[0].error), /NOT_ENOUGH_REPLICAS|fewer in-sync replicas/);
  isBroken = false;
  assert.deepEqual(await producer.trySend(unsent.map(({ message }) => message)), []);
  assert.deepEqual(stored.toSorted(), all);
});

Deno.test("what a broker's answer leaves out is not acked", async () => {
  const { producer, stored } = clusterOf((partition) => partition === 1 ? "silent" : undefined);
  const unsent = await producer.trySend(messages);
  assert.ok(unsent.length > 0);
  assert.deepEqual([...stored, ...valuesOf(unsent)].sort(), all);
});

Deno.test("a partition without a leader keeps no other from being written", async () => {
  const { producer, stored } = clusterOf(() => undefined, (partition) => partition === 2 ? -1 : 0);
  const unsent = await producer.trySend(messages);
  assert.deepEqual([...stored, ...valuesOf(unsent)].sort(), all);
  assert.equal(Map.groupBy(unsent, ({ error }) => String(error)).size, 1);
  assert.match(String(unsent[0].error), /no leader/);
});

Deno.test("a broker that is lost fails what it leads alone, after the others have answered", async () => {
  const lost = Object.assign(new Error("Closed connection"), { name: "KafkaJSConnectionClosedError" });
  const { producer, stored, refreshes } = clusterOf((partition) => partition % 2 === 0 ? lost : undefined);
  const unsent = await producer.trySend(messages);
  assert.ok(stored.length > 0);
  assert.deepEqual([...stored, ...valuesOf(unsent)].sort(), all);
  await producer.trySend([]);
  assert.equal(refreshes(), 1);
});

Deno.test("a batch that is too large for the topic is halved until it fits, and a message that is too large is told alone", async () => {
  const { producer, stored } = clusterOf((_, some) =>
    some.length > 3 || some.some(({ value }) => value === "42") ? 10 : undefined
  );
  const unsent = await producer.trySend(messages);
  // What follows of the key waits behind it.
  assert.deepEqual(valuesOf(unsent), ["42", "50", "58", "66", "74"]);
  assert.deepEqual([...stored, ...valuesOf(unsent)].sort(), all);
  const ofKey = stored.filter((value) => Number(value) % 8 === 3).map(Number);
  assert.deepEqual(ofKey, ofKey.toSorted((a, b) => a - b));
});

Deno.test("a cluster that can't be reached leaves all unsent, and `send` throws why", async () => {
  const { producer } = clusterOf(() => new Error("no broker"));
  assert.equal((await producer.trySend(messages)).length, messages.length);
  await assert.rejects(producer.send(messages), /no broker/);
});

Deno.test("a log that goes back behind what was acked is told once, and one that goes on is not", async () => {
  const { producer, ends, wentBack } = clusterOf(() => undefined);
  const ofOne = messages.filter(({ key }) => key === "BTCUSDT");
  await producer.send(ofOne);
  const partition = ends.findIndex((end) => end > 0);
  ends[partition] += 5; // Another producer's.
  await producer.send(ofOne);
  assert.deepEqual(wentBack, []);
  ends[partition] = 3;
  await producer.send(ofOne);
  await producer.send(ofOne);
  assert.deepEqual(wentBack, [{ partition, from: 25n, to: 3n }]);
});
