import { createDigest, type Digest, sentFields } from "./rows.ts";
import { book } from "../shared/streams/book.ts";
import type { Topics } from "./stack.ts";

/** The digest of the messages on a topic, of which there should be `count`; it reads until it has as many. */
export async function topicDigest({ kafka, topic }: Topics, count: number): Promise<Digest> {
  const digest = createDigest(sentFields);
  const extent = await kafka.extentOf(topic);
  const there = extent.reduce((sum, { low, high }) => sum + high - low, 0);
  if (there !== count) return { count: there, sum: 0 };
  const done = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  await using consumer = await kafka.subscribe({
    topic,
    group: `check-${crypto.randomUUID()}`,
    onBatch({ messages }) {
      for (const { value } of messages) digest.add(book.message.codec.decode(decoder.decode(value!)));
      if (digest.count >= count) done.resolve();
      return Promise.resolve();
    },
    onJoin() {},
    onLost() {},
  });
  await Promise.race([done.promise, consumer.failed]);
  return digest;
}
