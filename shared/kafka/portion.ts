import type { Incoming } from "./incoming.ts";

/** Some messages of a partition, in order. There may be none, where only the place moves on. */
export interface Portion {
  readonly messages: Incoming[];
  /** What they take in memory. */
  readonly bytes: number;
  /** The offset from which the partition is to be read on. */
  readonly nextOffset: number;
}

/** Bytes of a portion, about: small batches are joined, large ones are unpacked in parts. */
export const PORTION_BYTES = 2 ** 19;

/** Bytes of one fetch, as they are packed; a larger batch comes alone. */
export const FETCH_BYTES = 4 * 2 ** 20;
/** Bytes of one partition within it. */
export const PARTITION_BYTES = 2 ** 20;
