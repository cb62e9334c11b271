import { Buffer } from "node:buffer";
import lz4 from "lz4js";

const MAGIC = 0x184d2204;
/** Bits of the frame's descriptor. */
const HAS_DICTIONARY = 0x01;
const HAS_CHECKSUM = 0x04;
const HAS_SIZE = 0x08;
const HAS_BLOCK_CHECKSUMS = 0x10;
/** The bit of a block's size that says that it is not compressed. */
const PLAIN = 0x80000000;
/** A block may repeat bytes of so far before it. */
const HISTORY_BYTES = 65_536;

/**
 * Unpacks LZ4 frames block by block; checksums are left out, since Kafka's batches have one of their own.
 * Source: "LZ4 Frame Format Description", version 1.6.4.
 * @throws {Error} where the bytes are none
 */
export function* unpackLz4(packed: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < packed.length;) {
    if (packed.readUInt32LE(at) !== MAGIC) throw new Error("it is no LZ4 frame");
    const flags = packed.readUInt8(at + 4);
    const most = 2 ** (8 + 2 * ((packed.readUInt8(at + 5) >> 4) & 7));
    if (flags >> 6 !== 1 || most < 65_536) throw new Error("it is of an unknown LZ4 format");
    at += 7 + (flags & HAS_SIZE ? 8 : 0) + (flags & HAS_DICTIONARY ? 4 : 0);
    const trailer = flags & HAS_BLOCK_CHECKSUMS ? 4 : 0;
    // What blocks repeat is in front of them.
    const bytes = Buffer.alloc(HISTORY_BYTES + most);
    for (;;) {
      const word = packed.readUInt32LE(at);
      at += 4;
      if (word === 0) break;
      const size = word & ~PLAIN;
      if (size > most || at + size > packed.length) throw new Error("an LZ4 block runs over");
      const end = word & PLAIN
        ? HISTORY_BYTES + packed.copy(bytes, HISTORY_BYTES, at, at + size)
        : lz4.decompressBlock(packed.subarray(at, at + size), bytes, 0, size, HISTORY_BYTES);
      if (!(end <= bytes.length)) throw new Error("an LZ4 block runs over");
      at += size + trailer;
      yield Buffer.from(bytes.subarray(HISTORY_BYTES, end));
      bytes.copyWithin(0, end - HISTORY_BYTES, end);
    }
    if (flags & HAS_CHECKSUM) at += 4;
  }
}
