import { Buffer } from "node:buffer";
import type { Outgoing } from "./outgoing.ts";

/** Bytes of one batch: a broker takes a record batch of up to 1 MiB by default. */
const BATCH_BYTES = 900_000;
/** What a message takes up beside its key, value and headers. */
const OVERHEAD_BYTES = 60;

/** The messages in their order, in lists that a broker takes as one batch; a message that is larger is alone. */
export function* chunksOf<M extends Outgoing>(messages: readonly M[]): Generator<readonly M[]> {
  let start = 0;
  let bytes = 0;
  for (let i = 0; i < messages.length; i++) {
    const { key, value, headers } = messages[i];
    const size = OVERHEAD_BYTES + Buffer.byteLength(key ?? "") + Buffer.byteLength(value) +
      (headers ? Buffer.byteLength(JSON.stringify(headers)) : 0);
    if (bytes + size > BATCH_BYTES && i > start) {
      yield messages.slice(start, i);
      start = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (messages.length > start) yield messages.slice(start);
}
