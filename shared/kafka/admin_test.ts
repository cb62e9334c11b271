import assert from "node:assert/strict";
import type kafkajs from "kafkajs";
import { silent } from "../../local/testing.ts";
import { ensureTopics } from "./admin.ts";

/** The topics that are made where there are so many brokers. */
async function madeOn(brokers: number): Promise<kafkajs.ITopicConfig[]> {
  const made: kafkajs.ITopicConfig[] = [];
  const nothing = () => Promise.resolve();
  const admin = {
    ...{ connect: nothing, disconnect: nothing, listTopics: () => Promise.resolve([]) },
    describeCluster: () => Promise.resolve({ brokers: Array.from({ length: brokers }) }),
    createTopics: ({ topics }: { topics: kafkajs.ITopicConfig[] }) => Promise.resolve(made.push(...topics)),
  };
  await ensureTopics({ admin: () => admin } as unknown as kafkajs.Kafka, ["t"], silent);
  return made;
}

Deno.test("where there are three brokers a topic is made with three replicas, two of which must have each message", async () => {
  const deletes = { name: "cleanup.policy", value: "delete" };
  assert.deepEqual(await madeOn(3), [{
    ...{ topic: "t", numPartitions: 4, replicationFactor: 3 },
    configEntries: [deletes, { name: "min.insync.replicas", value: "2" }],
  }]);
  assert.deepEqual(await madeOn(1), [{
    ...{ topic: "t", numPartitions: 4, replicationFactor: -1 },
    configEntries: [deletes],
  }]);
});
