import type { Incoming } from "../shared/kafka/mod.ts";
import type { Stream } from "../shared/stream.ts";

/** Event times of a topic's records in ms, by the exchange's stream that they came on. Another pipeline's tell nothing. */
export function timesByStream<M extends { symbol: string; eventTime: number }>(
  { codec, exchange }: Pick<Stream<M>, "codec" | "exchange">,
  records: readonly Pick<Incoming, "value">[],
): Map<string, number[]> {
  const decoder = new TextDecoder();
  const times = new Map<string, number[]>();
  for (const { value } of records) {
    const { data: message } = codec.safeDecode(decoder.decode(value ?? new Uint8Array()));
    if (!message) continue;
    const stream = exchange!.subscriptionOf(message);
    const some = times.get(stream);
    if (some) some.push(message.eventTime);
    else times.set(stream, [message.eventTime]);
  }
  return times;
}
