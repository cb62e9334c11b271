import "./produce_request.ts";
import type kafkajs from "kafkajs";
import type { ProduceAnswer, ProduceData } from "./produce_request.ts";

/** New partitions are used within this time, in ms. */
const METADATA_MS = 30_000;

/** A broker as kafkajs knows it. */
export interface Broker {
  produce(data: ProduceData): Promise<ProduceAnswer>;
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
}

type CreateCluster = (options: {
  metadataMaxAge: number;
  allowAutoTopicCreation: boolean;
  maxInFlightRequests: number;
}) => Cluster;

/**
 * Connections of a producer's own. kafkajs gives them to its own producers alone, under a private symbol; its producer answers
 * for all partitions at once, and ours must know which of them have acked.
 */
export function createCluster(client: kafkajs.Kafka): Cluster {
  const symbol = Object.getOwnPropertySymbols(client)
    .find(({ description }) => description === "private:Kafka:createCluster")!;
  const create = (client as unknown as Record<symbol, CreateCluster>)[symbol];
  return create({ metadataMaxAge: METADATA_MS, allowAutoTopicCreation: false, maxInFlightRequests: 1 });
}
