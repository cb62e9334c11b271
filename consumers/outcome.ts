import type { Batch } from "../shared/kafka/mod.ts";
import type { Stream } from "../shared/stream.ts";
import type { Decoded } from "./decode.ts";

/** What became of a message. */
export type Fate = "stored" | "rejected" | "expired" | "legacy";

/** What became of a batch: all that is kept of it until its offset is committed, and none of its messages. */
export interface Outcome {
  readonly partition: number;
  /** The offset to commit. */
  readonly nextOffset: string;
  /** Each message's offset and fate, by its place in the batch. */
  readonly offsets: readonly number[];
  readonly fates: Fate[];
  /** When producers had received its messages, ms since the epoch. */
  readonly receivedAt: readonly number[];
  /** The last price of each symbol, a decimal string. */
  readonly prices: Readonly<Record<string, string>>;
}

/** The outcome of a batch of which the database refuses nothing. */
export function outcomeOf<M extends { symbol: string; receivedAt?: number }>(
  stream: Stream<M>,
  { partition, nextOffset, messages }: Batch,
  decoded: Decoded<M>,
  isExpired: (message: M) => boolean,
): Outcome {
  const fates = messages.map((): Fate => "stored");
  const receivedAt: number[] = [];
  const prices: Record<string, string> = {};
  for (const { place } of decoded.poison) fates[place] = "rejected";
  for (const place of decoded.legacy) fates[place] = "legacy";
  for (const [i, message] of decoded.messages.entries()) {
    if (isExpired(message)) fates[decoded.places[i]] = "expired";
    if (message.receivedAt !== undefined) receivedAt.push(message.receivedAt);
    if (stream.lastPrice) prices[message.symbol] = stream.lastPrice(message);
  }
  return {
    partition,
    nextOffset,
    offsets: messages.map(({ offset }) => Number(offset)),
    fates,
    receivedAt,
    prices,
  };
}
