import type { Buffer } from "node:buffer";
import type { Incoming } from "./incoming.ts";

/** Some messages of a partition, in order. There may be none, where only the place moves on. */
export interface Portion {
  readonly messages: Incoming[];
  /** What they take in memory. */
  readonly bytes: number;
  /** The offset from which the partition is to be read on. */
  readonly nextOffset: number;
  /** What was unpacked for these messages and nothing else; their keys and values are views of it. */
  readonly unpacked: Buffer[];
}

/** Smaller ones may be parts of a buffer that others use, too: Node's pool has 8 KiB. */
const LEAST_OWN_BYTES = 2 ** 16;

/**
 * Gives the memory of what was unpacked back at once, where it is worth it: its views are unusable from then on. The garbage collector
 * waits until there are 64 MB of such buffers, and on a busy machine for longer.
 */
export function release(unpacked: readonly Buffer[]): void {
  for (const { buffer } of unpacked) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= LEAST_OWN_BYTES) buffer.transfer(0);
  }
}

/** Bytes of a portion, about: small batches are joined, large ones are unpacked in parts. */
export const PORTION_BYTES = 2 ** 19;

/** Bytes of one fetch, as they are packed; a larger batch comes alone. */
export const FETCH_BYTES = 4 * 2 ** 20;
/** Bytes of one partition within it. */
export const PARTITION_BYTES = 2 ** 20;
