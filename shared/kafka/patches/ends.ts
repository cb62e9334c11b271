import Runner from "kafkajs/src/consumer/runner.js";

/** Where a partition ended when a fetch was answered. */
export interface End {
  readonly partition: number;
  /** How many partitions the topic has. */
  readonly partitions: number;
  /** The offset that was asked for. */
  readonly from: number;
  /** The offset of the next message to come. */
  readonly end: number;
  /** When the answer came, in ms of `performance.now()`. */
  readonly at: number;
}

/** What kafkajs is given to hand batches to. It is the only thing by which a runner knows its user. */
type EachBatch = object;

interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedOffset: string;
  readonly highWatermark: string;
}

interface OwnRunner {
  readonly eachBatch: EachBatch;
  readonly consumerGroup: {
    readonly cluster: { findTopicPartitionMetadata(topic: string): readonly object[] };
  };
}

const listeners = new WeakMap<EachBatch, (end: End) => void>();
const arrivals = new WeakMap<object, number>();

/** Has the listener told of each answer to a fetch by the consumer that runs with this `eachBatch`, before its batch is handed over. */
export function onEnd(eachBatch: EachBatch, listener: (end: End) => void): void {
  listeners.set(eachBatch, listener);
}

/** Tells the listener of a batch, which may be empty. */
export function tellEnd({ eachBatch, consumerGroup }: OwnRunner, batch: FetchedBatch): void {
  const { topic, partition, fetchedOffset, highWatermark } = batch;
  const at = arrivals.get(batch);
  if (at === undefined) return;
  listeners.get(eachBatch)?.({
    ...{ partition, at, from: Number(fetchedOffset), end: Number(highWatermark) },
    partitions: consumerGroup.cluster.findTopicPartitionMetadata(topic).length,
  });
}

const { fetch } = Runner.prototype;

/** Patches kafkajs 2.2.4: it tells no one of an answer without messages. So nobody knows that a partition is read to its end. */
Runner.prototype.fetch = async function (nodeId: number): Promise<FetchedBatch[]> {
  const batches: FetchedBatch[] = await fetch.call(this, nodeId);
  const at = performance.now();
  for (const batch of batches) arrivals.set(batch, at);
  return batches;
};
