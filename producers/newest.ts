import type { Extent, Kafka } from "../shared/kafka/mod.ts";
import { persist, type Persistence } from "../shared/retry.ts";
import type { Stream } from "../shared/stream.ts";
import { type Message, messagesOf, timesByStream } from "./record_times.ts";

/** Messages of each partition that are read at start, and where a stream is not among them. */
const MOST = 2_000;
const MOST_FAR = 20_000;

/** What a topic has of before this start. */
export interface Newest {
  /**
   * The newest event time in ms of each of the exchange's streams, before `extent`'s end. A stream whose messages are further back gets
   * the newest time of all: until then its producer was alive, and had nothing. One that is not found is left out: nobody covered it.
   */
  readonly times: ReadonlyMap<string, number>;
  /** When the newest of the messages was received, in ms since the epoch; 0 where there are none. */
  readonly receivedAt: number;
}

/** Looks at the newest messages of a topic. What fails is tried again, until the signal is aborted. */
export async function newestTimes<M extends Message>(
  kafka: Pick<Kafka, "readTail">,
  topic: string,
  extent: Extent,
  stream: Pick<Stream<M>, "codec" | "exchange">,
  names: readonly string[],
  persistence: Persistence,
): Promise<Newest> {
  const look = async (most: number) => {
    const records = await persist(
      () => kafka.readTail(topic, extent, most, persistence.signal),
      persistence,
    );
    return messagesOf(stream, records);
  };
  const near = await look(MOST);
  const byStream = timesByStream(stream, near);
  const newest = new Map([...byStream].map(([name, times]) => [name, Math.max(...times)]));
  const receivedAt = Math.max(0, ...near.map((message) => message.receivedAt ?? 0));
  const missing = names.filter((name) => !newest.has(name));
  if (newest.size === 0 || missing.length === 0) return { times: newest, receivedAt };
  const overall = Math.max(...newest.values());
  if (extent.some(({ low, high }) => high - low > MOST)) {
    const far = timesByStream(stream, await look(MOST_FAR));
    for (const name of missing) if (far.has(name)) newest.set(name, overall);
  }
  return { times: newest, receivedAt };
}
