import type { Batch } from "../shared/kafka/mod.ts";

/** What became of a message. */
export type Result = "stored" | "rejected" | "expired" | "legacy";

/** What became of a batch. It is kept until the offset is committed; the messages are not. */
export interface Outcome {
  readonly partition: number;
  /** The offset to commit. */
  readonly nextOffset: string;
  /** Each message's offset and result, by its place in the batch. */
  readonly offsets: readonly number[];
  readonly results: Result[];
  /** When producers received its messages, in ms since the epoch. */
  readonly receivedAt: number[];
  /** The last price of each symbol, a decimal string. */
  readonly prices: Record<string, string>;
  /** The event time of each symbol's newest message, in ms since the epoch. */
  readonly times: Record<string, number>;
}

/** Makes the outcome of a batch of which all messages are stored. Other results are noted in it as the messages are decoded. */
export function newOutcome({ partition, nextOffset, messages }: Batch): Outcome {
  return {
    partition,
    nextOffset,
    offsets: messages.map(({ offset }) => Number(offset)),
    results: messages.map((): Result => "stored"),
    receivedAt: [],
    prices: {},
    times: {},
  };
}
