import kafkajs from "kafkajs";
import { silent } from "./silent.ts";
import { readConfig } from "../shared/config/config.ts";
import { createClient } from "../shared/kafka/client.ts";
import { until } from "./until.ts";

/** A topic's partition. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Has another of a partition's replicas lead it; returns the ids of the old and of the new leader. */
export async function moveLeader(bootstrap: string, { topic, partition }: Place): Promise<[number, number]> {
  return await withAdmin(bootstrap, async (admin) => {
    const { leader, isr } = await describePartition(admin, { topic, partition });
    const next = isr[(isr.indexOf(leader) + 1) % isr.length];
    // The broker that is first among the replicas leads: the controller sees to it every second.
    const replicas = [next, ...isr.filter((id) => id !== next)];
    await admin.alterPartitionReassignments({
      topics: [{ topic, partitionAssignment: [{ partition, replicas }] }],
    });
    await until(`broker ${next} to lead ${topic} ${partition}`, async () => {
      return (await describePartition(admin, { topic, partition })).leader === next;
    });
    return [leader, next];
  });
}

/** Gives a topic more partitions. */
export async function addPartitions(bootstrap: string, topic: string, count: number): Promise<void> {
  await withAdmin(bootstrap, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count }] }));
}

/** The broker that leads a partition. */
export async function leaderOf(bootstrap: string, place: Place): Promise<number> {
  return await withAdmin(bootstrap, async (admin) => (await describePartition(admin, place)).leader);
}

/** Waits until all replicas of the topics are in sync. */
export async function untilInSync(bootstrap: string, topics: readonly string[]): Promise<void> {
  await withAdmin(bootstrap, (admin) =>
    until("all replicas to be in sync", async () => {
      const found = await admin.fetchTopicMetadata({ topics: [...topics] }).catch(() => ({ topics: [] }));
      const partitions = found.topics.flatMap(({ partitions }) => partitions);
      return partitions.length > 0 && partitions.every(({ isr, replicas }) => isr.length === replicas.length);
    }));
}

/** Where Kafka keeps what a group commits. (Kafka's `GroupMetadataManager.partitionFor`.) */
export function placeOf(group: string, partitions = 4): Place {
  // Java's `String.hashCode`, in 32 bits.
  const hash = [...group].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 0);
  return { topic: "__consumer_offsets", partition: Math.abs(hash) % partitions };
}

async function describePartition(admin: kafkajs.Admin, { topic, partition }: Place) {
  const { topics: [{ partitions }] } = await admin.fetchTopicMetadata({ topics: [topic] });
  return partitions.find(({ partitionId }) => partitionId === partition)!;
}

/** Runs `use` with an admin client of kafkajs, which is closed afterwards. */
export async function withAdmin<T>(bootstrap: string, use: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const { kafka } = readConfig({ BOOTSTRAP_SERVER: bootstrap });
  const admin = createClient(kafka, silent).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
