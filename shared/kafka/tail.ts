import type kafkajs from "kafkajs";
import type { Incoming } from "./consumer.ts";
import { fetchedFrom, recordsOf } from "./fetch_response.ts";

/** Where each of a topic's partitions begins and ends. */
export type Extent = readonly { readonly partition: number; readonly low: number; readonly high: number }[];

/** So often it looks for where to begin, over all partitions: a topic that was made anew meanwhile may end before that. */
const MOST_SEEKS = 100;

/**
 * Reads the newest messages of a topic: of each partition at most `most` before its end in `extent`. It needs a group of its
 * own, which leaves no trace.
 * @throws the signal's reason once that is aborted
 */
export async function readTail(
  client: kafkajs.Kafka,
  topic: string,
  extent: Extent,
  most: number,
  group: string,
  signal?: AbortSignal,
): Promise<(Incoming & { readonly partition: number })[]> {
  signal?.throwIfAborted();
  const rest = new Map(
    extent.filter(({ low, high }) => high > low).map(({ partition, low, high }) => [
      partition,
      { begin: Math.max(low, high - most), end: high },
    ]),
  );
  if (rest.size === 0) return [];
  // By place, since some may be read twice.
  const messages = new Map<string, Incoming & { partition: number }>();
  const done = Promise.withResolvers<void>();
  let seeks = 0;
  const consumer = client.consumer({
    groupId: `${group}.tail.${crypto.randomUUID()}`,
    maxWaitTimeInMs: 100,
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
      eachBatch({ batch }) {
        const wanted = rest.get(batch.partition);
        if (!wanted) return Promise.resolve();
        const { begin, end } = wanted;
        // A group that joins anew, as it does when a leader has moved, forgets `seek` and begins at the oldest message.
        if (fetchedFrom(batch) < begin) {
          if (++seeks > MOST_SEEKS) done.reject(new Error(`${topic} ends before what was to be read of it`));
          else consumer.seek({ topic, partition: batch.partition, offset: String(begin) });
          return Promise.resolve();
        }
        for (const message of recordsOf(batch)) {
          if (Number(message.offset) >= end) break;
          const { key, value, offset, headers } = message;
          messages.set(`${batch.partition}:${offset}`, {
            key,
            value,
            offset,
            headers,
            partition: batch.partition,
          });
        }
        if (Number(batch.lastOffset()) >= end - 1) rest.delete(batch.partition);
        if (rest.size === 0) done.resolve();
        return Promise.resolve();
      },
    });
    for (const [partition, { begin }] of rest) {
      consumer.seek({ topic, partition, offset: String(begin) });
    }
    await done.promise;
  };
  try {
    // When the group can't be joined, `run` returns in order and `seek` fails for that: why is told by `done`, and first.
    await Promise.race([done.promise, read()]);
    return [...messages.values()];
  } finally {
    signal?.removeEventListener("abort", stop);
    const left = consumer.disconnect();
    // A broker that still holds the join is not waited for by who is told to stop.
    if (signal?.aborted) left.catch(() => {});
    else await left;
  }
}
