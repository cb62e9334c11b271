import kafkajs from "kafkajs";
import OffsetManager from "kafkajs/src/consumer/offsetManager/index.js";
import { sleep } from "../../wait.ts";
import type { Lost } from "../position.ts";

/** Before a broker is asked again, in ms. */
const AGAIN_MS = 100;

const listeners = new WeakMap<object, (lost: Lost) => void>();

/**
 * For kafkajs' `partitionAssigners`: assigns partitions as usual, and has the listener told what the consumer lost. An
 * assigner is handed the consumer's cluster, by which its offset manager knows it.
 */
export function assignerTelling(listener: (lost: Lost) => void): kafkajs.PartitionAssigner {
  return (consumer) => {
    listeners.set(consumer.cluster, listener);
    return kafkajs.PartitionAssigners.roundRobin(consumer);
  };
}

/** What is used here of kafkajs' offset manager. */
interface Manager {
  cluster: {
    refreshMetadata(): Promise<void>;
    fetchTopicsOffset(topics: unknown[]): Promise<{ partitions: { offset: string }[] }[]>;
  };
  nextOffset(topic: string, partition: number): { toString(): string };
  resolveOffset(place: { topic: string; partition: number; offset: string }): void;
}

/**
 * Patches kafkajs 2.2.4 (issue 1119, pull request 1777): where the message to be read next is gone, it goes on with the oldest one and
 * tells no one. It also commits that, though messages of before may still wait to be stored: who takes the partition over
 * would never hear of them. It also believes any broker, though one that has just come back may know less than the partition's
 * leader: all of it would be read again. With the patch the leader is asked, what is lost is told, and nothing is committed.
 */
OffsetManager.prototype.setDefaultOffset = async function (
  this: Manager,
  { topic, partition }: { topic: string; partition: number },
): Promise<void> {
  const from = Number(String(this.nextOffset(topic, partition)));
  await this.cluster.refreshMetadata();
  const offsetOf = async (fromBeginning: boolean) => {
    const [found] = await this.cluster.fetchTopicsOffset([{
      topic,
      partitions: [{ partition }],
      fromBeginning,
    }]);
    return Number(found.partitions[0].offset);
  };
  const [to, end] = [await offsetOf(true), await offsetOf(false)];
  // The broker that did not have it leads no longer, and is behind who does.
  if (to <= from && from <= end) return await sleep(AGAIN_MS);
  this.resolveOffset({ topic, partition, offset: String(to - 1) });
  // A topic that has been made anew ends before `from`, and all of it is read.
  if (to > from) listeners.get(this.cluster)?.({ partition, from, to });
};
