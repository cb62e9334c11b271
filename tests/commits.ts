import kafkajs from "kafkajs";
import { type Config, readConfig } from "../shared/config/config.ts";
import { createClient } from "../shared/kafka/client.ts";
import { createCluster } from "../shared/kafka/patches/own_cluster.ts";
import { createProducer } from "../shared/kafka/producer.ts";
import { codecs } from "../shared/kafka/record_batch.ts";
import { moveLeader, type Place, placeOf, withAdmin } from "./leaders.ts";
import { silent } from "./silent.ts";
import { until } from "./until.ts";

/** Messages that are sent at once. */
const CHUNK = 20_000;
/** Commits are added by so many. */
const GROWTH = 200_000;
const MOST = 5_000_000;

/** Has another broker coordinate a group; returns how long that one takes to load what was committed, in ms. */
export async function moveCoordinator(bootstrap: string, groupId: string): Promise<number> {
  await moveLeader(bootstrap, placeOf(groupId));
  const since = performance.now();
  await withAdmin(bootstrap, (admin) =>
    until("the coordinator to have loaded the group", () => {
      return admin.fetchOffsets({ groupId }).then(() => true, () => false);
    }));
  return performance.now() - since;
}

/** Commits an offset for a group that has no members. (Kafka's protocol: "OffsetCommit", of a simple consumer.) */
export async function commitWithoutMember(
  config: Config["kafka"],
  groupId: string,
  { topic, ...commit }: Place & { readonly offset: string; readonly metadata: string | null },
): Promise<void> {
  const cluster = createCluster(createClient(config, silent)) as unknown as Coordinating;
  await cluster.connect();
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    const topics = [{ topic, partitions: [commit] }];
    await coordinator.offsetCommit({ groupId, memberId: "", groupGenerationId: -1, topics });
  } finally {
    await cluster.disconnect();
  }
}

/** What is used here of a cluster of kafkajs. */
interface Coordinating {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(group: { groupId: string }): Promise<{ offsetCommit(commit: object): Promise<void> }>;
}

/** Adds commits until a group's coordinator takes `ms` to load them. */
export async function growCommitsUntil(bootstrap: string, group: string, ms: number): Promise<void> {
  for (let count = 0; count < MOST; count += GROWTH) {
    await growCommits(bootstrap, group, GROWTH);
    if (await moveCoordinator(bootstrap, group) >= ms) return;
  }
  throw new Error(`Cannot slow the coordinator down: ${MOST} commits are loaded in less than ${ms} ms`);
}

/**
 * Writes so many commits of another group where Kafka keeps those of `group`: who comes to lead them reads them all before it
 * answers for the group. A broker takes such messages from a client that calls itself as Kafka's own administration does.
 */
async function growCommits(bootstrap: string, group: string, count: number): Promise<void> {
  const { kafka: { brokers } } = readConfig({ BOOTSTRAP_SERVER: bootstrap });
  const client = new kafkajs.Kafka({ clientId: "__admin_client", brokers, logCreator: () => () => {} });
  const { topic, partition } = placeOf(group);
  await using producer = createProducer(createCluster(client), topic, codecs.none);
  const keys = keysOf(partition);
  for (let n = 0; n < count; n += CHUNK) {
    const messages = Array.from({ length: CHUNK }, (_, i) => ({
      key: keys[i % keys.length],
      value: valueOf(n + i),
    }));
    await producer.send(messages);
  }
}

/** Keys of commits that a producer sends to that partition, of four. (Kafka's `OffsetCommitKey.json`, version 1.) */
function keysOf(partition: number): Buffer[] {
  const partitionOf = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: 4 }, (_, partitionId) => ({ partitionId, leader: 1 }));
  const name = Buffer.from("grown");
  const keys = Array.from({ length: 1_000 }, (_, place) => {
    const key = Buffer.alloc(20);
    key.writeInt16BE(1);
    key.writeInt16BE(name.length, 2); // the group
    name.copy(key, 4);
    key.writeInt16BE(name.length, 9); // the topic
    name.copy(key, 11);
    key.writeInt32BE(place, 16);
    return key;
  });
  return keys.filter((key) =>
    partitionOf({
      topic: "",
      partitionMetadata: partitionMetadata as kafkajs.PartitionMetadata[],
      message: { key, value: null },
    }) === partition
  );
}

/** A commit of that offset. (Kafka's `OffsetCommitValue.json`, version 3.) */
function valueOf(offset: number): Buffer {
  const value = Buffer.alloc(24);
  value.writeInt16BE(3);
  value.writeBigInt64BE(BigInt(offset), 2);
  value.writeInt32BE(-1, 10); // no leader epoch
  value.writeBigInt64BE(BigInt(Date.now()), 16); // after the length of what else is said of it: nothing
  return value;
}
