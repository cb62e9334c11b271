import { Buffer } from "node:buffer";
// Deno before 2.4 has no zstd. As a name it would fail before anything can say which Deno is needed.
import * as zlib from "node:zlib";
import { Decompress } from "fzstd";
import { unpackLz4 } from "./lz4_frame.ts";
import { unpackSnappy } from "./snappy_blocks.ts";

/** What is unpacked at once. A batch that unpacks to more is unpacked part by part. */
export const MOST_BYTES = 4 * 2 ** 20;
/** Bytes that are fed to a decompressor at once: of 64, zstd makes 2 MiB at most, and gzip 64 KiB. */
const SLICE_BYTES = 64;
/** What is unpacked in one piece takes at least this: `node:zlib` allows no pieces below 64 bytes. */
const LEAST_PIECE_BYTES = 64;
/** What zstd's decoder may hold of what it has unpacked: enough for all but its "ultra" levels. */
const MOST_WINDOW_BYTES = 8 * 2 ** 20;

type Parts = Generator<Uint8Array> | AsyncGenerator<Uint8Array>;

/** How records are packed. Source: Kafka's documentation, "Message Format"; KIP-110. */
interface Packing {
  /** All of it, or undefined where it is more than `MOST_BYTES`. */
  whole(packed: Buffer): Buffer | undefined;
  /** All of it in parts, of a few MiB at most but for Snappy's, which may come as one block. */
  parts(packed: Buffer): Parts;
}

/** By the codec that a batch's attributes name. */
const packings: Partial<Record<number, Packing>> = {
  0: {
    whole: (packed) => packed.length > MOST_BYTES ? undefined : packed,
    *parts(packed) {
      yield packed;
    },
  },
  1: { whole: bounded(zlib.gunzipSync), parts: gunzipParts },
  2: byBlocks(unpackSnappy),
  3: byBlocks(unpackLz4),
  4: { whole: bounded(zlib.zstdDecompressSync, contentOf), parts: unzstdParts },
};

/** The packing of a codec. @throws {Error} where there is none */
export function packingOf(codec: number): Packing {
  const packing = packings[codec];
  if (!packing) throw new Error(`it is compressed with an unknown codec, ${codec}`);
  return packing;
}

/**
 * @param sizeOf what the bytes unpack to, where they say so: then they are unpacked in one piece. Else they are unpacked in small pieces
 * that are joined in the end, which takes twice the memory.
 */
function bounded(
  unpack: (packed: Buffer, options: { maxOutputLength: number; chunkSize?: number }) => Buffer,
  sizeOf: (packed: Buffer) => number | undefined = () => undefined,
): Packing["whole"] {
  return (packed) => {
    const size = sizeOf(packed);
    if (size !== undefined && size > MOST_BYTES) return undefined;
    // One byte more: a piece that is full is followed by another one.
    const piece = size === undefined ? undefined : { chunkSize: Math.max(LEAST_PIECE_BYTES, size + 1) };
    try {
      return unpack(packed, { maxOutputLength: MOST_BYTES, ...piece });
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") return undefined;
      throw error;
    }
  };
}

function byBlocks(parts: (packed: Buffer) => Generator<Uint8Array>): Packing {
  return {
    parts,
    whole(packed) {
      const blocks: Uint8Array[] = [];
      let size = 0;
      for (const block of parts(packed)) {
        size += block.length;
        if (size > MOST_BYTES) return undefined;
        blocks.push(block);
      }
      return Buffer.concat(blocks, size);
    },
  };
}

/** Views of the bytes, each of `size` but the last one. */
export function* slicesOf(bytes: Uint8Array, size: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size) as Uint8Array<ArrayBuffer>;
  }
}

/** A stream of the web, since it makes no more at once than a slice holds, and its errors can be caught. */
async function* gunzipParts(packed: Buffer): AsyncGenerator<Uint8Array> {
  yield* ReadableStream.from(slicesOf(packed, SLICE_BYTES)).pipeThrough(new DecompressionStream("gzip"));
}

/** Not by `node:zlib`, whose stream ends the process in Deno 2.9 where the bytes are bad. */
function* unzstdParts(packed: Buffer): Generator<Uint8Array> {
  const window = windowOf(packed);
  if (window > MOST_WINDOW_BYTES) throw new Error(`zstd wants ${window} bytes to unpack it`);
  let parts: Uint8Array[] = [];
  const stream = new Decompress((part) => void parts.push(part));
  for (const slice of slicesOf(packed, SLICE_BYTES)) {
    stream.push(slice);
    yield* parts;
    parts = [];
  }
}

/** The window of a zstd frame in bytes. Source: RFC 8878, 3.1.1.1; a frame in one segment is its own window. */
function windowOf(frame: Buffer): number {
  const descriptor = frame.readUInt8(4);
  if ((descriptor & 0x20) !== 0) return contentOf(frame)!;
  const base = 2 ** (10 + (frame.readUInt8(5) >> 3));
  return base + base / 8 * (frame.readUInt8(5) & 7);
}

/** What a zstd frame says that it unpacks to, in bytes; undefined if it does not say so. Source: RFC 8878, 3.1.1.1. */
function contentOf(frame: Buffer): number | undefined {
  const descriptor = frame.readUInt8(4);
  const isOneSegment = (descriptor & 0x20) !== 0;
  const at = 5 + (isOneSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  const read = [
    () => isOneSegment ? frame.readUInt8(at) : undefined,
    () => frame.readUInt16LE(at) + 256,
    () => frame.readUInt32LE(at),
    () => Number(frame.readBigUInt64LE(at)),
  ];
  return read[descriptor >> 6]();
}
