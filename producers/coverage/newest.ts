import type { Extent, Kafka } from "../../shared/kafka/mod.ts";
import { retryForever, type RetryOptions } from "../../shared/retry.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";
import { messagesOf, timesByStream } from "./record_times.ts";

/** Messages of each partition that are read at the start, and if a feed is not among them. */
const MOST = 2_000;
const MOST_FAR = 20_000;
/** A feed on which nothing came for so long, while others had messages, was not subscribed. In ms. */
const TELLING_MS = 60_000;

/** What a topic holds from before this start. */
export interface Newest {
  /**
   * The newest event time in ms of each feed, before `extent`'s end. A feed whose messages are further back gets the newest time of
   * all: until then its producer worked, and nothing came. A feed that is not found in records of at least a minute is left out:
   * nobody received it.
   */
  readonly times: ReadonlyMap<string, number>;
  /** When the newest of the messages was received, in ms since the epoch; 0 where there are none. */
  readonly receivedAt: number;
}

/** Looks at the newest messages of a topic. What fails is tried again, until the signal is aborted. */
export async function newestTimes<M extends ExchangeMessage>(
  kafka: Pick<Kafka, "readTail">,
  topic: string,
  extent: Extent,
  stream: Pick<Stream<M>, "message" | "feed">,
  names: readonly string[],
  retry: RetryOptions,
): Promise<Newest> {
  const read = (most: number) => retryForever(() => kafka.readTail(topic, extent, most, retry.signal), retry);
  const near = await read(MOST);
  const messages = messagesOf(stream, near);
  const newest = new Map(
    [...timesByStream(stream, messages)].map(([name, times]) => [name, Math.max(...times)]),
  );
  const receivedAt = messages.reduce((most, message) => Math.max(most, message.receivedAt ?? 0), 0);
  const missing = names.filter((name) => !newest.has(name));
  if (newest.size === 0 || missing.length === 0) return { times: newest, receivedAt };
  const overall = Math.max(...newest.values());
  const all = extent.some(({ low, high }) => high - low > MOST) ? await read(MOST_FAR) : near;
  const found = timesByStream(stream, messagesOf(stream, all));
  // In a shorter time a feed may have had no message.
  const canTell = overall - knownSince(stream, all) >= TELLING_MS;
  for (const name of missing) if (!canTell || found.has(name)) newest.set(name, overall);
  return { times: newest, receivedAt };
}

/** From which time on the records hold every feed, each of which is on one partition. */
function knownSince<M extends ExchangeMessage>(
  stream: Pick<Stream<M>, "message">,
  records: Awaited<ReturnType<Kafka["readTail"]>>,
): number {
  const byPartition = Map.groupBy(records, ({ partition }) => partition);
  const oldest = [...byPartition.values()].flatMap((some) => {
    const times = messagesOf(stream, some).map(({ eventTime }) => eventTime);
    return times.length > 0 ? [times.reduce((a, b) => Math.min(a, b))] : [];
  });
  return Math.max(...oldest);
}
