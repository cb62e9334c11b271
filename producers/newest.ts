import type { Extent, Kafka } from "../shared/kafka/mod.ts";
import { persist, type Persistence } from "../shared/retry.ts";
import type { Stream } from "../shared/stream.ts";
import { timesByStream } from "./record_times.ts";

/** Messages of each partition that are read at start. */
const MOST = 2_000;

/**
 * The newest event time in ms that the topic has of each of the exchange's streams, before `extent`'s end. One that is not among
 * the topic's newest messages, or not there at all, gets the newest time of all: until then its producer was alive, and had nothing.
 * What fails is tried again, until the signal is aborted.
 */
export async function newestTimes<M extends { symbol: string; eventTime: number }>(
  kafka: Pick<Kafka, "readTail">,
  topic: string,
  extent: Extent,
  stream: Pick<Stream<M>, "codec" | "exchange">,
  names: readonly string[],
  persistence: Persistence,
): Promise<Map<string, number>> {
  const look = () => kafka.readTail(topic, extent, MOST, persistence.signal);
  const times = timesByStream(stream, await persist(look, persistence));
  const newest = new Map([...times].map(([name, some]) => [name, Math.max(...some)]));
  if (newest.size === 0) return newest;
  const overall = Math.max(...newest.values());
  return new Map(names.map((name) => [name, newest.get(name) ?? overall]));
}
