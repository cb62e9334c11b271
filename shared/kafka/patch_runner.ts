import ConsumerGroup from "kafkajs/src/consumer/consumerGroup.js";
import Runner from "kafkajs/src/consumer/runner.js";
import { KafkaJSNonRetriableError } from "kafkajs/src/errors.js";

/**
 * Patches kafkajs 2.2.4 (pull request 1779), where a consumer goes on though it has lost its place:
 *
 * - After a join that failed, it reads on with the assignment and the generation of before, in whose name nothing can be
 *   committed. Here it ends, and who uses it begins anew.
 * - A commit that fails is repeated behind our back, and may be made in the name of a later generation; one of a consumer that
 *   has ended counts as made. Here a commit is one attempt that tells how it ended.
 * - A batch that was fetched from a leader of before, or for an assignment of before, is handed over, and reading goes on behind
 *   it. Here a batch is handed over only if it begins where reading is to go on.
 */
interface Group {
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
}

interface Runner {
  readonly running: boolean;
  readonly consumerGroup: Group;
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

const { handleBatch } = Runner.prototype;

Runner.prototype.handleBatch = async function (this: Runner, batch: FetchedBatch): Promise<void> {
  const { topic, partition, fetchedOffset } = batch;
  const { offsetManager } = this.consumerGroup;
  const isOurs = offsetManager.memberAssignment[topic]?.includes(partition);
  if (!isOurs || String(offsetManager.nextOffset(topic, partition)) !== fetchedOffset) return;
  await handleBatch.call(this, batch);
};
