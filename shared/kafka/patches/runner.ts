import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
import Runner from "kafkajs/src/consumer/runner.js";
import { KafkaJSNonRetriableError } from "kafkajs/src/errors.js";
import { tellEnd } from "./ends.ts";

/**
 * Patches kafkajs 2.2.4 (pull request 1779). A consumer goes on reading in states in which it must not:
 *
 * - After a failed join it reads on with the former assignment and generation, for which nothing can be committed. With the patch
 *   it ends, and its user starts a new one.
 * - It repeats a failed commit by itself, perhaps in a later generation, and reports a commit as done after the consumer has ended.
 *   With the patch a commit is one attempt, which resolves or rejects.
 * - It processes a batch that was fetched from a former leader or for a former assignment, and reads on after it. With the patch it
 *   processes a batch only if the batch begins at the next offset.
 * - If the brokers change while it stops, it begins fetchers that nothing ends. They turn in a circle without a pause, so no timer, no
 *   answer and no signal comes through. With the patch such a fetcher ends.
 */
interface Group {
  readonly cluster: { findTopicPartitionMetadata(topic: string): readonly object[] };
  readonly offsetManager: {
    readonly memberAssignment: Record<string, readonly number[]>;
    nextOffset(topic: string, partition: number): { toString(): string };
  };
  commitOffsets(offsets: unknown): Promise<void>;
}

interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedOffset: string;
  readonly highWatermark: string;
}

interface Runner {
  readonly running: boolean;
  readonly eachBatch: object;
  readonly consumerGroup: Group;
  readonly fetchManager: { stop(): Promise<void> };
}

const { joinAndSync } = ConsumerGroup.prototype;

ConsumerGroup.prototype.joinAndSync = async function (): Promise<void> {
  try {
    await joinAndSync.call(this);
  } catch (cause) {
    throw new KafkaJSNonRetriableError(cause, { cause });
  }
};

Runner.prototype.commitOffsets = async function (this: Runner, offsets: unknown): Promise<void> {
  if (!this.running) throw new KafkaJSNonRetriableError("The consumer has ended");
  await this.consumerGroup.commitOffsets(offsets);
};

const { fetch, handleBatch } = Runner.prototype;

Runner.prototype.fetch = async function (this: Runner, nodeId: number): Promise<FetchedBatch[]> {
  if (this.running) return await fetch.call(this, nodeId);
  // It ends all fetchers, this one included, which must return first.
  this.fetchManager.stop();
  return [];
};

Runner.prototype.handleBatch = async function (this: Runner, batch: FetchedBatch): Promise<void> {
  const { topic, partition, fetchedOffset } = batch;
  const { offsetManager } = this.consumerGroup;
  const isOurs = offsetManager.memberAssignment[topic]?.includes(partition);
  if (!isOurs || String(offsetManager.nextOffset(topic, partition)) !== fetchedOffset) return;
  tellEnd(this, batch);
  await handleBatch.call(this, batch);
};
