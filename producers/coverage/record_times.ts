import type { Incoming } from "../../shared/kafka/mod.ts";
import type { ExchangeMessage, Stream } from "../../shared/stream.ts";

/** How far an event may be ahead of this machine's clock, in ms. Times further ahead are ignored. */
const MOST_LEAD_MS = 60_000;

/** The messages among a topic's records whose times can be true. Messages of another pipeline are left out. */
export function messagesOf<M extends ExchangeMessage>(
  { message }: Pick<Stream<M>, "message">,
  records: readonly Pick<Incoming, "value">[],
): M[] {
  const decoder = new TextDecoder();
  const latest = Date.now() + MOST_LEAD_MS;
  return records.flatMap(({ value }) => {
    const { data } = message.codec.safeDecode(decoder.decode(value ?? new Uint8Array()));
    // deno-lint-ignore bookline/elapsed -- the exchange's times are compared with the time of day
    return data && data.eventTime <= latest ? [data] : [];
  });
}

/** Event times of messages in ms, by feed. */
export function timesByStream<M extends ExchangeMessage>(
  { feed }: Pick<Stream<M>, "feed">,
  messages: readonly M[],
): Map<string, number[]> {
  const byStream = Map.groupBy(messages, (message) => feed!.feedOf(message));
  return new Map([...byStream].map(([name, some]) => [name, some.map(({ eventTime }) => eventTime)]));
}
