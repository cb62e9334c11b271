import type kafkajs from "kafkajs";
import type { Log } from "../log.ts";
import type { Extent } from "./position.ts";
import { checkSettings } from "./topic_settings.ts";
import { withAdmin } from "./with_admin.ts";

/** Partitions of a topic that a worker creates: as many consumers can share its work. */
const PARTITIONS = 4;

/** Replicas of a topic that a worker creates where there are as many brokers, and how many of them must have a message. */
const REPLICAS = { all: 3, inSync: 2 };

/**
 * Creates those of the topics that are missing, with the settings that the guarantees need: three replicas of which two have each
 * message where there are three brokers, else the broker's default. It returns once those can be used. The settings of the others are
 * checked.
 * @throws {ConfigError} if a topic is compacted
 * @throws what Kafka answers where a topic that was made can't be used for 5 s
 */
export function ensureTopics(client: kafkajs.Kafka, topics: readonly string[], log: Log): Promise<void> {
  return withAdmin(client, async (admin) => {
    const all = new Set(await admin.listTopics());
    const [there, missing] = [topics.filter((one) => all.has(one)), topics.filter((one) => !all.has(one))];
    await checkSettings(admin, there, log);
    if (missing.length === 0) return;
    const isReplicated = (await admin.describeCluster()).brokers.length >= REPLICAS.all;
    const settings = {
      "cleanup.policy": "delete",
      ...(isReplicated ? { "min.insync.replicas": String(REPLICAS.inSync) } : {}),
    };
    // It answers false, rather than fail, where another worker was faster.
    await admin.createTopics({
      topics: missing.map((topic) => ({
        topic,
        numPartitions: PARTITIONS,
        replicationFactor: isReplicated ? REPLICAS.all : -1,
        configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
      })),
      waitForLeaders: false, // kafkajs fails where the topic is not known yet
    });
    // Metadata tells of new partitions before their leaders know of them.
    for (const topic of missing) await extentOf(client, topic);
  });
}

/** How often topics are deleted that a broker lists and does not know; each attempt takes half a second. */
const DELETIONS = 20;

/**
 * Deletes the groups, with their offsets, and then the topics, until none is listed any more; what does not exist is passed over.
 * A group that has members is refused, and then no topic is deleted.
 */
export function remove(
  client: kafkajs.Kafka,
  topics: readonly string[],
  groups: readonly string[],
): Promise<void> {
  return withAdmin(client, async (admin) => {
    await removeGroups(admin, groups);
    for (let attempt = 1;; attempt++) {
      const there = new Set(await admin.listTopics());
      const existing = topics.filter((topic) => there.has(topic));
      if (existing.length === 0) return;
      try {
        await admin.deleteTopics({ topics: existing });
      } catch (error) {
        // A list can still hold what was deleted a moment ago.
        const { cause } = error as { cause?: { type?: string } };
        if (cause?.type !== "UNKNOWN_TOPIC_OR_PARTITION" || attempt === DELETIONS) throw error;
      }
    }
  });
}

/** Kafka protocol guide, "Error Codes". */
const GROUP_ID_NOT_FOUND = 69;

/**
 * Deletes groups by their names. A list of those that exist would leave out what a broker that has just started is still
 * loading: the old offsets would stay, and a new topic of the old name would be read from there on.
 */
async function removeGroups(admin: kafkajs.Admin, groups: readonly string[]): Promise<void> {
  // One by one: each has a coordinator of its own.
  for (const group of groups) {
    try {
      await admin.deleteGroups([group]);
    } catch (error) {
      const [fault] = (error as { groups?: kafkajs.DeleteGroupsResult[] }).groups ?? [];
      if (fault?.errorCode !== GROUP_ID_NOT_FOUND) throw fault?.error ?? error;
    }
  }
}

/** The names of all topics that there are. */
export function listTopics(client: kafkajs.Kafka): Promise<string[]> {
  return withAdmin(client, (admin) => admin.listTopics());
}

/**
 * How many messages of the topic the group has not committed yet, of all partitions or of some; those of a topic that does not exist
 * are none.
 */
export function messagesBehind(
  client: kafkajs.Kafka,
  group: string,
  topic: string,
  some?: readonly number[],
): Promise<number> {
  return withAdmin(client, async (admin) => {
    if (!(await admin.listTopics()).includes(topic)) return 0;
    const all = await admin.fetchTopicOffsets(topic);
    const ends = all.filter(({ partition }) => some?.includes(partition) ?? true);
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const committed = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return ends.reduce((sum, { partition, low, high }) => {
      // -1: the group has committed nothing yet and will begin at the oldest message.
      const from = Math.max(committed.get(partition) ?? -1, Number(low));
      return sum + Math.max(0, Number(high) - from);
    }, 0);
  });
}

/** Where each of the topic's partitions begins and ends. */
export function extentOf(client: kafkajs.Kafka, topic: string): Promise<Extent> {
  return withAdmin(client, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }));
  });
}
