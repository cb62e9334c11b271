import type kafkajs from "kafkajs";
import { createBatchReader, FETCH_BYTES, fetchedFrom, PARTITION_BYTES } from "./fetch_response.ts";
import type { Incoming } from "./incoming.ts";
import { assignerTelling } from "./lost.ts";

/** Of each of a topic's partitions: the offset of its first message, and the one after its last. */
export type Extent = readonly { readonly partition: number; readonly low: number; readonly high: number }[];

/** Some messages of a partition, in order. */
export interface Portion {
  readonly partition: number;
  readonly messages: readonly Incoming[];
}

/** So often it looks for where to begin, over all partitions: a topic that was made anew meanwhile may end before that. */
const MOST_SEEKS = 100;

/**
 * Reads what a topic holds within `extent`, in the order of each partition, and hands it to `take` in small portions: no more is unpacked
 * before that has settled. It ends early once `take` gives true. What Kafka deletes meanwhile is passed over. It needs a group of
 * its own, which leaves no trace.
 * @throws the signal's reason once that is aborted; what `take` throws
 */
export async function readRange(
  client: kafkajs.Kafka,
  topic: string,
  extent: Extent,
  take: (portion: Portion) => Promise<boolean>,
  group: string,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  /** Of each partition that is not read to its end: the next offset, and the end. */
  const rest = new Map(
    extent.filter(({ low, high }) => high > low).map(({ partition, low, high }) => [
      partition,
      { next: low, end: high },
    ]),
  );
  if (rest.size === 0) return;
  const done = Promise.withResolvers<void>();
  const moveTo = (partition: number, next: number) => {
    const wanted = rest.get(partition);
    if (wanted && next >= wanted.end) rest.delete(partition);
    else if (wanted) wanted.next = Math.max(wanted.next, next);
    if (rest.size === 0) done.resolve();
  };
  const portionsOf = createBatchReader();
  let seeks = 0;
  const consumer = client.consumer({
    groupId: `${group}.range.${crypto.randomUUID()}`,
    maxWaitTimeInMs: 100,
    maxBytes: FETCH_BYTES,
    maxBytesPerPartition: PARTITION_BYTES,
    partitionAssigners: [assignerTelling(({ partition, to }) => moveTo(partition, to))],
    // Whoever wants to know tries again.
    retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  const stop = () => done.reject(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });

  const read = async () => {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      async eachBatch({ batch, resolveOffset, heartbeat }) {
        const { partition } = batch;
        const wanted = rest.get(partition);
        if (!wanted) return consumer.pause([{ topic, partitions: [partition] }]);
        const { next, end } = wanted;
        // A group that joins anew, as it does when a leader has moved, forgets `seek` and begins at the oldest message.
        if (fetchedFrom(batch) < next) {
          if (++seeks > MOST_SEEKS) done.reject(new Error(`${topic} ends before what was to be read of it`));
          else consumer.seek({ topic, partition, offset: String(next) });
          return;
        }
        for await (const { messages, nextOffset } of portionsOf(batch)) {
          const wanted = messages.filter(({ offset }) => Number(offset) < end);
          try {
            if (wanted.length > 0 && await take({ partition, messages: wanted })) return done.resolve();
          } catch (error) {
            return done.reject(error);
          }
          moveTo(partition, nextOffset);
          resolveOffset(String(nextOffset - 1));
          await heartbeat();
        }
      },
    });
    for (const [partition, { next }] of rest) consumer.seek({ topic, partition, offset: String(next) });
    await done.promise;
  };
  try {
    // When the group can't be joined, `run` returns in order and `seek` fails for that: why is told by `done`, and first.
    await Promise.race([done.promise, read()]);
  } finally {
    signal?.removeEventListener("abort", stop);
    const left = consumer.disconnect();
    // A broker that still holds the join is not waited for by who is told to stop.
    if (signal?.aborted) left.catch(() => {});
    else await left;
  }
}
