import assert from "node:assert/strict";
import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
import { inFastTime } from "../../../tests/fast_time.ts";
import { silent } from "../../../tests/silent.ts";
import { until } from "../../../tests/until.ts";
import { sleep } from "../../wait.ts";
import { subscribe } from "../consumer.ts";
import "./leader.ts";
import { testClient } from "../test_cluster.ts";

/** A fault as kafkajs throws it in a fetch. */
const faultOf = (fields: { type?: string; name?: string }) => Object.assign(new Error("of a test"), fields);

const subscription = { topic: "t", group: "g", onBatch: () => Promise.resolve(), onJoin() {}, onLost() {} };

/** A group that counts how often it asks who leads. */
function groupCounting() {
  const asked = { count: 0 };
  const group = Object.assign(Object.create(ConsumerGroup.prototype), {
    cluster: { refreshMetadata: () => Promise.resolve(asked.count++) },
    joinAndSync: () => assert.fail("the group is joined within a fetch"),
  });
  return { asked, group };
}

Deno.test("where new partitions are found, fetches from other brokers have ended before the group is joined anew", async () => {
  const fetchingAtJoins: number[] = [];
  let fetching = 0;
  let grows = false;
  const client = testClient("t", {
    join() {
      fetchingAtJoins.push(fetching);
      return Promise.resolve();
    },
    async fetch(nodeId) {
      fetching++;
      await sleep(nodeId * 20);
      fetching--;
      if (nodeId === 1 && grows) {
        grows = false;
        throw faultOf({ name: "KafkaJSStaleTopicMetadataAssignment" });
      }
    },
  });
  await using _consumer = await subscribe(client, subscription, silent);
  grows = true;
  await until("the group to be joined anew", () => fetchingAtJoins.length === 2);
  assert.deepEqual(fetchingAtJoins, [0, 0]);
});

Deno.test("where the topic is not known, in a fetch or as its leader is asked for, the group is joined anew: it may be another topic by then", async () => {
  const { group } = groupCounting();
  const unknown = faultOf({ type: "UNKNOWN_TOPIC_OR_PARTITION" });
  const isRejoin = ({ type }: { type?: string }) => type === "REBALANCE_IN_PROGRESS";
  await assert.rejects(() => group.recoverFromFetch(unknown), isRejoin);
  group.cluster.refreshMetadata = () => Promise.reject(unknown);
  await assert.rejects(() => group.recoverFromFetch(faultOf({ type: "NOT_LEADER_FOR_PARTITION" })), isRejoin);
});

Deno.test("other faults are left to kafkajs", async () => {
  const { group } = groupCounting();
  const other = faultOf({ type: "TOPIC_AUTHORIZATION_FAILED" });
  await assert.rejects(() => group.recoverFromFetch(other), (error) => error === other);
});

Deno.test("a broker that can't be reached ends the consumer only after half a minute", async () => {
  await inFastTime(async () => {
    const { group } = groupCounting();
    const refused = faultOf({ name: "KafkaJSConnectionError" });
    const start = Date.now();
    await assert.rejects(async () => {
      for (;;) await group.recoverFromFetch(refused);
    }, (error) => error === refused);
    const took = Date.now() - start;
    assert.ok(took >= 30_000 && took < 31_000, `it took ${took} ms`);
    // It was reached for a while.
    await sleep(60_000);
    await group.recoverFromFetch(refused);
  });
});

Deno.test("when a leader has moved, who leads now is asked for: without the patch the group is joined anew", async () => {
  const moved = [
    { type: "LEADER_NOT_AVAILABLE" },
    { type: "NOT_LEADER_FOR_PARTITION" },
    { type: "FENCED_LEADER_EPOCH" },
    { type: "UNKNOWN_LEADER_EPOCH" },
    { name: "KafkaJSTopicMetadataNotLoaded" },
    { name: "KafkaJSBrokerNotFound" },
    { name: "KafkaJSConnectionError" },
  ];
  const { group, asked } = groupCounting();
  for (const fields of moved) await group.recoverFromFetch(faultOf(fields));
  assert.equal(asked.count, moved.length);
});
