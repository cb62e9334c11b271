import { Buffer } from "node:buffer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import lz4 from "lz4js";
import xxh32 from "lz4js/xxh32.js";
import snappy from "snappyjs";
import { crc32c } from "./crc32c.ts";
import type { Outgoing } from "./outgoing.ts";
import { encodeRecordBatch } from "./record_batch.ts";

const HEADER_BYTES = 61;

/** Snappy as Java clients frame it, in blocks of 32 KiB. */
function xerial(plain: Buffer): Buffer {
  const parts = [Buffer.from("\x82SNAPPY\0\0\0\0\x01\0\0\0\x01", "latin1")];
  for (let at = 0; at < plain.length; at += 32_768) {
    const block = snappy.compress(plain.subarray(at, at + 32_768));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** LZ4 as brokers take it: with blocks that say that they do not need each other, as one alone does not. */
function independent(plain: Buffer): Uint8Array {
  const packed: Uint8Array = lz4.compress(plain);
  packed[4] |= 0x20;
  packed[6] = xxh32.hash(0, packed, 4, 2) >> 8;
  return packed;
}

/** How producers pack records: the codec of the attributes, and what packs them. */
export const packers: Record<string, { codec: number; pack(plain: Buffer): Uint8Array }> = {
  none: { codec: 0, pack: (plain) => plain },
  gzip: { codec: 1, pack: (plain) => gzipSync(plain) },
  snappy: { codec: 2, pack: (plain) => snappy.compress(plain) },
  "snappy of Java": { codec: 2, pack: xerial },
  lz4: { codec: 3, pack: independent },
  zstd: { codec: 4, pack: (plain) => zstdCompressSync(plain) },
};

interface BatchOptions {
  readonly offset?: number;
  readonly packer?: (typeof packers)[string];
  /** Of the transaction that it belongs to. */
  readonly producer?: bigint;
  readonly isControl?: boolean;
}

/** A batch as the broker stores it. */
export function storedBatch(messages: readonly Outgoing[], options: BatchOptions = {}): Buffer {
  const { offset = 0, packer = packers.none, producer, isControl = false } = options;
  const plain = encodeRecordBatch(messages, 1_790_000_040_118);
  const bytes = withRecords(plain, packer.pack(plain.subarray(HEADER_BYTES)));
  bytes.writeBigInt64BE(BigInt(offset), 0);
  const transactional = producer === undefined ? 0 : 0x10;
  bytes.writeInt16BE(packer.codec | transactional | (isControl ? 0x20 : 0), 21);
  bytes.writeBigInt64BE(producer ?? -1n, 43);
  return signed(bytes);
}

/** A transaction's end, as the broker writes it. */
export function marker(type: "abort" | "commit", offset: number, producer: bigint): Buffer {
  const key = new Uint8Array([0, 0, 0, type === "abort" ? 0 : 1]);
  return storedBatch([{ key, value: new Uint8Array(6) }], { offset, producer, isControl: true });
}

/** The batch with other bytes in the place of its records. */
export function withRecords(batch: Buffer, records: Uint8Array): Buffer {
  const bytes = Buffer.concat([batch.subarray(0, HEADER_BYTES), records]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  return signed(bytes);
}

/** The batch with the checksum that its bytes have. */
export function signed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}
