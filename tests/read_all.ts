import type { Incoming, Kafka } from "../shared/kafka/mod.ts";

/** The messages of a topic, as it is now; each partition's in its order. */
export async function readAll(kafka: Kafka, topic: string): Promise<Incoming[]> {
  return await kafka.readTail(topic, await kafka.extentOf(topic), Infinity, AbortSignal.timeout(60_000));
}
