import type kafkajs from "kafkajs";
import type { Incoming } from "./incoming.ts";
import { type Extent, readRange } from "./range.ts";

/**
 * Reads the newest messages of a topic: of each partition at most `most` before its end in `extent`.
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
  const tail = extent.map(({ partition, low, high }) => ({
    partition,
    low: Math.max(low, high - most),
    high,
  }));
  const all: (Incoming & { readonly partition: number })[] = [];
  const take = ({ partition, messages }: { partition: number; messages: readonly Incoming[] }) => {
    for (const { key, value, offset, headers, damage } of messages) {
      all.push({ key, value, offset, headers, damage, partition });
    }
    return Promise.resolve(false);
  };
  await readRange(client, topic, tail, take, group, signal);
  return all;
}
