import { endsOf, type Incoming, type Kafka } from "../shared/kafka/mod.ts";

/** The messages of a topic, as it is now; each partition's in its order. Of each at most `most`, the newest. */
export async function readAll(kafka: Kafka, topic: string, most = Infinity): Promise<Incoming[]> {
  const extent = await kafka.extentOf(topic);
  const from = new Map(extent.map(({ partition, low, high }) => [partition, Math.max(low, high - most)]));
  const all: Incoming[] = [];
  for await (const { messages } of kafka.follow(topic, from, AbortSignal.timeout(60_000), endsOf(extent))) {
    for (const { key, value, offset, headers, damage } of messages) {
      all.push({ key, value, offset, headers, damage });
    }
  }
  return all;
}
