import type { Followed } from "./follow.ts";
import type { Incoming } from "./incoming.ts";
import { endsOf, type Extent, type Offsets } from "./position.ts";

/**
 * Reads the newest messages of a topic: of each partition at most `most` before its end in `extent`.
 * @throws what `follow` throws
 */
export async function readTail(
  follow: (topic: string, from: Offsets, signal: AbortSignal, to: Offsets) => AsyncIterable<Followed>,
  topic: string,
  extent: Extent,
  most: number,
  signal: AbortSignal,
): Promise<(Incoming & { readonly partition: number })[]> {
  const from = new Map(extent.map(({ partition, low, high }) => [partition, Math.max(low, high - most)]));
  const all: (Incoming & { readonly partition: number })[] = [];
  for await (const { partition, messages } of follow(topic, from, signal, endsOf(extent))) {
    for (const { key, value, offset, headers, damage } of messages) {
      all.push({ key, value, offset, headers, damage, partition });
    }
  }
  return all;
}
