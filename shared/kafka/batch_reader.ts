import type { Bundle } from "./patches/fetch.ts";
import type { Portion } from "./portion.ts";
import { type Doubts, readSet } from "./record_set.ts";

/** A batch of kafkajs. */
interface FetchedBatch {
  readonly partition: number;
  readonly messages: readonly object[];
}

/** Reads what is fetched of a topic. */
export type BatchReader = (batch: FetchedBatch) => AsyncGenerator<Portion>;

/** The offset from which a kafkajs batch was asked for. */
function fetchedFrom(batch: FetchedBatch): number {
  return Number((batch as unknown as { readonly fetchedOffset: string }).fetchedOffset);
}

/**
 * Makes what reads a topic's kafkajs batches, portion by portion as they are asked for. It remembers of each partition what it
 * could not read at the first fetch; see `readSet`. Once a batch is read, the next fetch is to begin at the last portion's
 * `nextOffset`, or where it began if there was none.
 */
export function createBatchReader(): BatchReader {
  const doubts = new Map<number, Doubts>();
  return async function* (batch) {
    const own = doubts.get(batch.partition) ?? {};
    doubts.set(batch.partition, own);
    for (const set of batch.messages as readonly Bundle[]) yield* readSet(set, fetchedFrom(batch), own);
  };
}
