/** The Kafka port: the only importer of kafkajs. */
import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import * as admin from "./admin.ts";
import { createClient, kafkaFault } from "./client.ts";
import { type Consumer, subscribe, type Subscription } from "./consumer.ts";
import { liveGroups } from "./live_groups.ts";
import { createCluster } from "./patches/own_cluster.ts";
import { createProducer, type Producer } from "./producer.ts";
import { codecs } from "./record_batch.ts";
import { follow, type Followed } from "./follow.ts";
import type { Extent, Offsets } from "./position.ts";

export type { Batch, Consumer } from "./consumer.ts";
export type { Break, StoredTo } from "./break.ts";
export type { Changed } from "./log_guard.ts";
export type { End } from "./patches/ends.ts";
export type { Incoming } from "./incoming.ts";
export type { Outgoing } from "./outgoing.ts";
export type { Producer, Unsent } from "./producer.ts";
export { beginningsOf, endsOf, type Extent, type Lost } from "./position.ts";
export type { Followed } from "./follow.ts";
export { isAnswer, isUnknownTopic, kafkaFault, kafkaFaultLasts } from "./client.ts";

/** What Bookline wants of Kafka. */
export interface Kafka {
  ensureTopics(topics: readonly string[]): Promise<void>;
  remove(topics: readonly string[], groups: readonly string[]): Promise<void>;
  liveGroups(topics: readonly string[], groups: readonly string[]): Promise<string[]>;
  messagesBehind(group: string, topic: string, partitions?: readonly number[]): Promise<number>;
  extentOf(topic: string): Promise<Extent>;
  listTopics(): Promise<string[]>;
  /** Reads from `from` on, each partition in its order, up to `to` where that is given. See `follow`. */
  follow(
    topic: string,
    from: "beginning" | "end" | Offsets,
    signal: AbortSignal,
    to?: Offsets,
  ): AsyncGenerator<Followed>;
  producer(topic: string): Producer;
  subscribe(subscription: Subscription): Promise<Consumer>;
}

const LOST = "Kafka has lost messages that it had acked: its log was truncated or made anew";

/** A Kafka client; each use opens its own connections and closes them. */
export function openKafka(config: Config["kafka"], log: Log): Kafka {
  const client = createClient(config, log);
  const explain = (error: unknown) => kafkaFault(config, error);
  return {
    ensureTopics: (topics) => admin.ensureTopics(client, topics, log),
    remove: (topics, groups) => admin.remove(client, topics, groups),
    liveGroups: (topics, groups) => liveGroups(client, topics, groups),
    messagesBehind: (group, topic, partitions) => admin.messagesBehind(client, group, topic, partitions),
    listTopics: () => admin.listTopics(client),
    extentOf: (topic) => admin.extentOf(client, topic),
    follow: (topic, from, signal, to) => follow(client, { topic, from, to, signal, explain }, log),
    // With TLS the broker is elsewhere: what it carries and keeps costs more than the CPU that makes it small.
    producer: (topic) =>
      createProducer(
        createCluster(client),
        topic,
        config.ssl ? codecs.zstd : codecs.none,
        ({ partition, from, to }) => log.sparsely("log", LOST, { topic, partition, acked: from, now: to }),
      ),
    subscribe: (subscription) => subscribe(client, subscription, log),
  };
}

/** The topic's name as the brokers know it. */
export function topicName(config: Config["kafka"], stream: { topic: string }): string {
  return config.topicPrefix + stream.topic;
}

/** Where messages go that can't be decoded or stored. */
export function deadLetterTopic(topic: string): string {
  return topic + ".dlq";
}

/** The consumer group of a stream. */
export function groupName(config: Config["kafka"], stream: { name: string }): string {
  return `${config.topicPrefix}${config.groupId}.${stream.name}`;
}
