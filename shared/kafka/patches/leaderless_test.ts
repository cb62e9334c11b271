import assert from "node:assert/strict";
import BrokerPool from "kafkajs/src/cluster/brokerPool.js";
import protocols from "kafkajs/src/protocol/requests/index.js";
import "./leaderless.ts";

const { response } = protocols.requests.Metadata.protocol({ version: 6 })({ topics: ["t"] });

/** Metadata of a topic whose partitions are led so; -1: by nobody. */
const metadataOf = (topicErrorCode: number, ...leaders: number[]) => ({
  brokers: [],
  topicMetadata: [{
    ...{ topic: "t", topicErrorCode },
    partitionMetadata: leaders.map((leader, partitionId) => ({
      ...{ leader, partitionId, partitionErrorCode: leader < 0 ? 5 : 0 },
    })),
  }],
});

Deno.test("one partition without a leader does not fail the metadata of the others: without the patch none can be used", async () => {
  const metadata = metadataOf(0, 1, -1, 2);
  assert.equal(await response.parse(metadata), metadata);
});

Deno.test("a topic that can't be used at all still fails", async () => {
  await assert.rejects(async () => await response.parse(metadataOf(0, -1, -1)), /no leader/);
  await assert.rejects(
    async () => await response.parse(metadataOf(3, 1)),
    /does not host this topic-partition/,
  );
});

/** When a pool that has that metadata asks for it again, in ms from now. */
async function asksAgainAfter(metadata: unknown): Promise<number> {
  const seed = { connectionPool: {}, disconnect: () => Promise.resolve() };
  const broker = { metadata: () => Promise.resolve(metadata) };
  const logger = { namespace: () => logger, debug() {}, error() {} };
  const pool = new BrokerPool({ connectionPoolBuilder: {}, logger, metadataMaxAge: 300_000 });
  Object.assign(pool, { seedBroker: seed, findConnectedBroker: () => Promise.resolve(broker) });
  await pool.refreshMetadata(["t"]);
  return pool.metadataExpireAt - Date.now();
}

Deno.test("metadata that lacks a leader is asked for again soon", async () => {
  assert.ok(await asksAgainAfter(metadataOf(0, 1, -1)) <= 1_000);
  assert.ok(await asksAgainAfter(metadataOf(0, 1, 2)) > 100_000);
});
