import assert from "node:assert/strict";
import kafkajs from "kafkajs";
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import { silent } from "../../tests/silent.ts";
import { ensureTopics } from "./admin.ts";

/**
 * The topics that are made where there are so many brokers, which answer these error codes, one after the other, to who wants to use
 * such a topic.
 */
async function madeOn(brokers: number, answers: number[] = []): Promise<kafkajs.ITopicConfig[]> {
  const made: kafkajs.ITopicConfig[] = [];
  const nothing = () => Promise.resolve();
  const admin = {
    ...{ connect: nothing, disconnect: nothing, listTopics: () => Promise.resolve([]) },
    describeCluster: () => Promise.resolve({ brokers: Array.from({ length: brokers }) }),
    createTopics({ topics, waitForLeaders }: { topics: kafkajs.ITopicConfig[]; waitForLeaders?: boolean }) {
      made.push(...topics);
      return waitForLeaders === false ? Promise.resolve(true) : admin.fetchTopicOffsets();
    },
    fetchTopicOffsets() {
      const code = answers.shift();
      if (code === undefined) return Promise.resolve([]);
      const cause = createErrorFromCode(code);
      return Promise.reject(
        new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 2, retryTime: 100 }),
      );
    },
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

const [unknownTopic, noLeader, notLeader, forbidden] = [3, 5, 6, 29];

Deno.test("a topic that was just made is waited for until it is known and led; an error that a person must end is thrown at once", async () => {
  const answers = [unknownTopic, noLeader, notLeader];
  await madeOn(1, answers);
  assert.deepEqual(answers, []);
  await assert.rejects(madeOn(1, [forbidden]), /not authorized/i);
});
