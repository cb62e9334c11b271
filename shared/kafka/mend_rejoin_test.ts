import assert from "node:assert/strict";
import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
import { silent } from "../../tests/stack.ts";
import { until } from "../../tests/until.ts";
import { sleep } from "../wait.ts";
import { subscribe } from "./consumer.ts";
import "./mend_rejoin.ts";
import { testClient } from "./test_cluster.ts";

/** A fault as kafkajs throws it in a fetch. */
const faultOf = (fields: { type?: string; name?: string }) => Object.assign(new Error("of a test"), fields);

Deno.test("when a partition's leader moves, fetches from other brokers have ended before the group is joined anew", async () => {
  const fetchingAtJoins: number[] = [];
  let fetching = 0;
  let moves = false;
  const client = testClient("t", {
    join() {
      fetchingAtJoins.push(fetching);
      return Promise.resolve();
    },
    async fetch(nodeId) {
      fetching++;
      await sleep(nodeId * 20);
      fetching--;
      if (nodeId === 1 && moves) {
        moves = false;
        throw faultOf({ type: "NOT_LEADER_FOR_PARTITION" });
      }
    },
  });
  await using _consumer = await subscribe(
    client,
    { topic: "t", group: "g", onBatch: () => Promise.resolve(), onJoin() {}, onLost() {} },
    silent,
  );
  moves = true;
  await until("the group to be joined anew", () => fetchingAtJoins.length === 2);
  assert.deepEqual(fetchingAtJoins, [0, 0]);
});

Deno.test("stale metadata are refreshed and told as a rebalance; other faults are left to kafkajs", async () => {
  let refreshed = 0;
  const group = Object.assign(Object.create(ConsumerGroup.prototype), {
    cluster: { refreshMetadata: () => Promise.resolve(refreshed++) },
    joinAndSync: () => assert.fail("the group is joined within a fetch"),
  });
  const stale = [
    { type: "LEADER_NOT_AVAILABLE" },
    { type: "NOT_LEADER_FOR_PARTITION" },
    { type: "FENCED_LEADER_EPOCH" },
    { type: "UNKNOWN_LEADER_EPOCH" },
    { type: "UNKNOWN_TOPIC_OR_PARTITION" },
    { name: "KafkaJSTopicMetadataNotLoaded" },
    { name: "KafkaJSStaleTopicMetadataAssignment" },
  ];
  for (const fields of stale) {
    await assert.rejects(() => group.recoverFromFetch(faultOf(fields)), {
      type: "REBALANCE_IN_PROGRESS",
      message: "of a test",
    });
  }
  assert.equal(refreshed, stale.length);

  const other = faultOf({ type: "TOPIC_AUTHORIZATION_FAILED" });
  await assert.rejects(() => group.recoverFromFetch(other), (error) => error === other);
});
