import type { Batch } from "../shared/kafka/mod.ts";

/** What became of a message. */
export type Result = "stored" | "rejected" | "expired" | "legacy";

/** What became of a batch: all that is kept of it until its offset is committed, and none of its messages. */
export interface Outcome {
  readonly partition: number;
  /** The offset to commit. */
  readonly nextOffset: string;
  /** Each message's offset and result, by its place in the batch. */
  readonly offsets: readonly number[];
  readonly results: Result[];
  /** When producers had received its messages, ms since the epoch. */
  readonly receivedAt: number[];
  /** The last price of each symbol, a decimal string. */
  readonly prices: Record<string, string>;
}

/** The outcome of a batch of which everything is stored; what becomes of its messages is noted in it as they are decoded. */
export function newOutcome({ partition, nextOffset, messages }: Batch): Outcome {
  return {
    partition,
    nextOffset,
    offsets: messages.map(({ offset }) => Number(offset)),
    results: messages.map((): Result => "stored"),
    receivedAt: [],
    prices: {},
  };
}
