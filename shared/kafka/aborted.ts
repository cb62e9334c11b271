import { type BatchHeader, producerOf } from "./batch_header.ts";

/** A transaction that was given up, by its producer and the offset of its first message. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/**
 * Makes what tells whether a batch belongs to an aborted transaction; it is asked of each batch of a fetch in their order. The
 * broker lists the transactions in any order. One lasts from its first offset to its producer's marker, which is a control
 * batch. Source: KIP-98, "Consumer"; Kafka's `CompletedFetch`.
 */
export function abortedFilter(aborted: readonly AbortedTransaction[]): (header: BatchHeader) => boolean {
  if (aborted.length === 0) return () => false;
  const waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const producers = new Set<bigint>();
  return (header) => {
    const { lastOffset, isTransactional, isControl } = header;
    while (waiting.length > 0 && waiting[0].firstOffset <= lastOffset) {
      producers.add(waiting.shift()!.producerId);
    }
    if (!isTransactional) return false;
    // Every marker ends its producer's transaction. The first one after an aborted transaction's first offset is its own.
    if (isControl) producers.delete(producerOf(header));
    return !isControl && producers.has(producerOf(header));
  };
}
