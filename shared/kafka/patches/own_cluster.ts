import type kafkajs from "kafkajs";
import type { FetchAnswer } from "./fetch.ts";
import type { ProduceAnswer, ProduceData } from "./produce.ts";

/**
 * Reaches into kafkajs 2.2.4 (issues 853 and 1303): it gives connections to its own producer and consumer alone, under a private symbol. Its
 * producer answers for all partitions at once, and ours must know which of them have acked; its consumer needs a group.
 */

/** After so long kafkajs asks anew which partitions there are and who leads them, in ms: new partitions are seen within that. */
export const METADATA_MS = 10_000;

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

/** Connections of a producer's or reader's own. */
export function createCluster(client: kafkajs.Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(client)
    .find(({ description }) => description === "private:Kafka:createCluster")!;
  const create = (client as unknown as Record<symbol, CreateCluster>)[symbol];
  return create({ metadataMaxAge: METADATA_MS, allowAutoTopicCreation: false, maxInFlightRequests: 1 });
}
