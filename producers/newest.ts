import type { Extent, Kafka } from "../shared/kafka/mod.ts";
import type { Stream } from "../shared/stream.ts";

/** Messages of each partition that are read at start. */
const MOST = 2_000;

/**
 * The newest event time in ms that the topic has of each of the exchange's streams, before `extent`'s end. One that is not among
 * the topic's newest messages gets the newest time of all: until then its producer was alive, and had nothing.
 */
export async function newestTimes<M extends { symbol: string; eventTime: number }>(
  kafka: Pick<Kafka, "readTail">,
  topic: string,
  extent: Extent,
  { codec, exchange }: Pick<Stream<M>, "codec" | "exchange">,
  streams: readonly string[],
): Promise<Map<string, number>> {
  const decoder = new TextDecoder();
  const newest = new Map<string, number>();
  for (const { value } of await kafka.readTail(topic, extent, MOST)) {
    const { data: message } = codec.safeDecode(decoder.decode(value ?? new Uint8Array()));
    if (!message) continue; // another pipeline's
    const name = exchange!.subscriptionOf(message);
    newest.set(name, Math.max(newest.get(name) ?? 0, message.eventTime));
  }
  const isAll = extent.every(({ low, high }) => high - low <= MOST);
  const overall = isAll || newest.size === 0 ? undefined : Math.max(...newest.values());
  return new Map(streams.flatMap((name) => {
    const time = newest.get(name) ?? overall;
    return time === undefined ? [] : [[name, time]];
  }));
}
