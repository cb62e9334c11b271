import type { Buffer } from "node:buffer";
import { crc32c } from "./crc32c.ts";

/** Bytes of a batch before its records. */
export const HEADER_BYTES = 61;
/** Bytes of a batch that its length field does not count, and where the part begins that the checksum covers. */
const UNCOUNTED_BYTES = 12;
const UNCHECKED_BYTES = 21;
/** Bytes up to and with the byte that names the format. */
const MAGIC_BYTES = 17;

/** Bits of the attributes. */
const CODEC = 0x07;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** What a record batch says of itself. Offsets and counts are as they stand there until `check` has passed. */
export interface BatchHeader {
  /** All bytes of the batch. */
  readonly bytes: Buffer;
  readonly format: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly count: number;
  readonly codec: number;
  readonly isTransactional: boolean;
  /** Whether it holds a transaction's marker in the place of messages. */
  readonly isControl: boolean;
  /** More of it was not fetched. */
  readonly isCutOff: boolean;
}

/**
 * Reads the header of the record batch that begins at `start`; of one that is no whole batch of format 2, what there is.
 * Source: Kafka's documentation, "Message Format".
 * @param offset taken for the batch's where that is missing, too
 */
export function headerAt(set: Buffer, start: number, offset: number): BatchHeader {
  const left = set.length - start;
  const length = left < MAGIC_BYTES ? Infinity : UNCOUNTED_BYTES + set.readInt32BE(start + 8);
  const isCutOff = length > left;
  // Where the length can't be right, all that follows belongs to the batch for all we know.
  const bytes = set.subarray(start, isCutOff || length < MAGIC_BYTES ? undefined : start + length);
  const format = left < MAGIC_BYTES ? 2 : bytes[16];
  const baseOffset = left < 8 ? offset : bytes.readInt32BE(0) * 2 ** 32 + bytes.readUInt32BE(4);
  if (format !== 2 || bytes.length < HEADER_BYTES) {
    const nothing = { count: 0, codec: 0, isTransactional: false, isControl: false };
    return { ...nothing, bytes, isCutOff, format, baseOffset, lastOffset: baseOffset };
  }
  const attributes = bytes.readInt16BE(21);
  return {
    ...{ bytes, isCutOff, format, baseOffset },
    lastOffset: baseOffset + bytes.readInt32BE(23),
    count: bytes.readInt32BE(57),
    codec: attributes & CODEC,
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
  };
}

/** Who wrote the batch, where it belongs to a transaction. */
export function producerOf({ bytes }: BatchHeader): bigint {
  return bytes.readBigInt64BE(43);
}

/**
 * Checks a batch's format, checksum and bounds.
 * @param end the partition's end: the offset of the next message to come
 * @throws {Error} what is wrong with it
 */
export function check(header: BatchHeader, end: number): void {
  const { bytes, format, baseOffset, lastOffset, count } = header;
  if (header.isCutOff) throw new Error("its length runs over what was fetched");
  if (format !== 2) throw new Error(`it is of format ${format}, and only format 2 (Kafka 0.11) can be read`);
  if (bytes.length < HEADER_BYTES || UNCOUNTED_BYTES + bytes.readInt32BE(8) !== bytes.length) {
    throw new Error("its length can't be right");
  }
  if (bytes.readUInt32BE(17) !== crc32c(bytes, UNCHECKED_BYTES)) {
    throw new Error("its checksum is wrong");
  }
  if (baseOffset < 0 || lastOffset >= end) throw new Error("its offsets are not the partition's");
  if (count < 0 || count > lastOffset - baseOffset + 1) {
    throw new Error("its number of records is not that of its offsets");
  }
}
