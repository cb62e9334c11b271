import { HEADER_BYTES } from "./encoder.ts";

/** What ends a binary COPY: a tuple of −1 fields. */
const TRAILER_BYTES = 2;

/**
 * Makes one binary COPY of any number of batches, part by part, so that it need not be in memory as a whole. The bytes of a part are
 * overwritten when the next one is asked for. Without a row there are no parts.
 */
export async function* encodeParts<M>(
  batches: AsyncIterable<readonly M[]>,
  encode: (rows: Iterable<M>) => Uint8Array | undefined,
): AsyncGenerator<Uint8Array> {
  let trailer: Uint8Array | undefined;
  for await (const batch of batches) {
    const bytes = encode(batch);
    if (!bytes) continue;
    const from = trailer ? HEADER_BYTES : 0;
    trailer = bytes.slice(-TRAILER_BYTES);
    yield bytes.subarray(from, -TRAILER_BYTES);
  }
  if (trailer) yield trailer;
}
