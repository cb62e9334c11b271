import type { Buffer } from "node:buffer";
import snappy from "snappyjs";

/** How Java clients begin what they pack with Snappy: in blocks, each after its length. Others send one block alone. */
const MAGIC = "\x82SNAPPY\0";
const HEADER_BYTES = 16;
/** Snappy makes three bytes of 64 at best: what says more is wrong, or made to fill the memory. */
const MOST_TIMES = 22;

/**
 * Unpacks Snappy, block by block.
 * Source: `SnappyCodec` of xerial's snappy-java; "Snappy compressed format description".
 * @throws {Error} where the bytes are none
 */
export function* unpackSnappy(packed: Buffer): Generator<Uint8Array> {
  if (packed.toString("latin1", 0, MAGIC.length) !== MAGIC) return yield unpackBlock(packed);
  for (let at = HEADER_BYTES; at < packed.length;) {
    const start = at + 4;
    at = start + packed.readUInt32BE(at);
    if (at > packed.length) throw new Error("a Snappy block runs over");
    yield unpackBlock(packed.subarray(start, at));
  }
}

function unpackBlock(block: Buffer): Uint8Array {
  return snappy.uncompress(block, MOST_TIMES * block.length);
}
