import assert from "node:assert/strict";
import type kafkajs from "kafkajs";
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import { createFetcher } from "./fetcher.ts";

/** Kafka protocol guide, "Error Codes". */
const NOT_LEADER = 6;

/** A client of a partition that broker 2 leads now; until its metadata is asked for anew it names broker 1, which refuses. */
function movedLeader() {
  const nothing = () => Promise.resolve();
  let leader = 1;
  const answer = <T>(value: T) =>
    leader === 2 ? Promise.resolve(value) : Promise.reject(createErrorFromCode(NOT_LEADER));
  const cluster = {
    isConnected: () => true,
    addMultipleTargetTopics: nothing,
    refreshMetadata: () => Promise.resolve(void (leader = 2)),
    refreshMetadataIfNecessary: nothing,
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader }],
    fetchTopicsOffset: () => answer([{ partitions: [{ partition: 0, offset: "7" }] }]),
    findBroker: () => Promise.resolve({ fetch: () => answer({ responses: [] }) }),
  };
  const client = { [Symbol("private:Kafka:createCluster")]: () => cluster };
  return client as unknown as kafkajs.Kafka;
}

Deno.test("after a broker has refused to tell where a partition ends, its leader is looked up again", async () => {
  const fetcher = createFetcher(movedLeader(), "t");
  await assert.rejects(fetcher.extentOf([0]), { code: NOT_LEADER });
  assert.deepEqual(await fetcher.extentOf([0]), [{ partition: 0, low: 7, high: 7 }]);
});

Deno.test("after a broker has refused a fetch, the leader is looked up again", async () => {
  const fetcher = createFetcher(movedLeader(), "t");
  await assert.rejects(fetcher.fetch(new Map([[0, 7]]), { waitMs: 0, bytes: 1 }), { code: NOT_LEADER });
  assert.deepEqual(await fetcher.fetch(new Map([[0, 7]]), { waitMs: 0, bytes: 1 }), []);
});
