import type { Outgoing } from "./kafka/mod.ts";

/** By default Kafka refuses messages of more than 1 MiB. Longer ones are cut, and a header says so. */
const MOST_BYTES = 900_000;
const MOST_KEY_BYTES = 100_000;

/** Where a message that can't be decoded or stored comes from. */
export interface Origin {
  /** What is wrong with it, in words. */
  readonly cause: string;
  /** `exchange`, or the topic that it was read from. */
  readonly source: string;
  readonly partition?: number;
  readonly offset?: string;
  /** Only of a whole record batch that can't be read: how many records its header says it has. */
  readonly records?: number;
}

/**
 * Makes the message for the dead-letter topic: the key and the bytes unchanged, but cut if they are too long, and headers that say why it is
 * there and where it comes from.
 */
export function deadLetter(key: Outgoing["key"], value: string | Uint8Array, origin: Origin): Outgoing {
  const keyBytes = key === null ? null : bytesOf(key);
  const valueBytes = bytesOf(value);
  const isKeyCut = keyBytes !== null && keyBytes.length > MOST_KEY_BYTES;
  const isCut = valueBytes.length > MOST_BYTES;
  return {
    key: isKeyCut ? keyBytes.subarray(0, MOST_KEY_BYTES) : keyBytes,
    value: isCut ? valueBytes.subarray(0, MOST_BYTES) : valueBytes,
    headers: {
      "bookline-cause": origin.cause.slice(0, 1_000),
      "bookline-source": origin.source,
      ...(origin.partition === undefined ? {} : { "bookline-partition": String(origin.partition) }),
      ...(origin.offset === undefined ? {} : { "bookline-offset": origin.offset }),
      ...(origin.records === undefined ? {} : { "bookline-batch-records": String(origin.records) }),
      "bookline-time": new Date().toISOString(),
      ...(isCut ? { "bookline-cut-from-bytes": String(valueBytes.length) } : {}),
      ...(isKeyCut ? { "bookline-key-cut-from-bytes": String(keyBytes.length) } : {}),
    },
  };
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}
