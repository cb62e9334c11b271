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
