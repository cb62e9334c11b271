import { createDigest, type Digest, sentFieldsOf } from "./rows.ts";
import { beginningsOf, endsOf } from "../shared/kafka/mod.ts";
import type { Topics } from "./stack.ts";

/** How long reading a topic may take, in ms. */
const LIMIT_MS = 600_000;

/** The digest of the messages on a topic, of which there should be `count`. */
export async function topicDigest({ kafka, topic, kind }: Topics, count: number): Promise<Digest> {
  const digest = createDigest(sentFieldsOf(kind), kind);
  const extent = await kafka.extentOf(topic);
  const there = extent.reduce((sum, { low, high }) => sum + high - low, 0);
  if (there !== count) return { count: there, sum: 0 };
  const decoder = new TextDecoder();
  const signal = AbortSignal.timeout(LIMIT_MS);
  for await (const { messages } of kafka.follow(topic, beginningsOf(extent), signal, endsOf(extent))) {
    for (const { value } of messages) digest.add(kind.decode(decoder.decode(value!)));
  }
  return digest;
}
