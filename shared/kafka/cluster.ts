import type { Cluster } from "./patches/own_cluster.ts";

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
