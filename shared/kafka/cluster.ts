import "./produce_request.ts";
import type kafkajs from "kafkajs";
import type { FetchAnswer } from "./fetch_response.ts";
import type { ProduceAnswer, ProduceData } from "./produce_request.ts";

/** New partitions are used within this time, in ms. */
const METADATA_MS = 30_000;

/** A broker as kafkajs knows it. */
export interface Broker {
  produce(data: ProduceData): Promise<ProduceAnswer>;
  fetch(request: object): Promise<FetchAnswer>;
}

/** kafkajs' connections to the brokers, and what they say of topics. */
export interface Cluster {
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): kafkajs.PartitionMetadata[];
  /** Connects to the broker where that is needed. */
  findBroker(options: { nodeId: number }): Promise<Broker>;
  removeBroker(address: { host: string; port: number }): void;
  fetchTopicsOffset(
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number }[];
      fromBeginning: boolean;
    }[],
  ): Promise<readonly { readonly partitions: readonly { partition: number; offset: string }[] }[]>;
}

type CreateCluster = (options: {
  metadataMaxAge: number;
  allowAutoTopicCreation: boolean;
  maxInFlightRequests: number;
}) => Cluster;

/**
 * Connections of a producer's or reader's own. kafkajs gives them to its own clients alone, under a private symbol. Its producer answers
 * for all partitions at once, and ours must know which of them have acked; its consumer needs a group.
 */
export function createCluster(client: kafkajs.Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(client)
    .find(({ description }) => description === "private:Kafka:createCluster")!;
  const create = (client as unknown as Record<symbol, CreateCluster>)[symbol];
  return create({ metadataMaxAge: METADATA_MS, allowAutoTopicCreation: false, maxInFlightRequests: 1 });
}

/** Connects where that is needed, and learns who leads the topic's partitions. */
export async function prepare(cluster: Cluster, topic: string, isStale: boolean): Promise<void> {
  if (!cluster.isConnected()) await cluster.connect();
  await cluster.addMultipleTargetTopics([topic]);
  await (isStale ? cluster.refreshMetadata() : cluster.refreshMetadataIfNecessary());
}

/** Forgets a broker that has closed the connection, if that is the error: the next request opens another one. */
export function forgetClosed(cluster: Cluster, error: unknown): void {
  const { name, host, port } = error as { name?: string; host: string; port: number };
  if (name === "KafkaJSConnectionClosedError") cluster.removeBroker({ host, port });
}

/** The ids of the topic's partitions, each with that of the broker that leads it; -1: none. */
export function leadersOf(cluster: Cluster, topic: string): ReadonlyMap<number, number> {
  return new Map(
    cluster.findTopicPartitionMetadata(topic).map(({ partitionId, leader }) => [partitionId, leader]),
  );
}
