import type { Buffer } from "node:buffer";
import type { BatchHeader } from "./batch_header.ts";
import type { Incoming } from "./incoming.ts";

/** The most that one record may take, in bytes: what is larger can't be held beside others. */
const MOST_RECORD_BYTES = 8 * 2 ** 20;

/**
 * A record whose parts are made when they are asked for. While many wait, each is one small object in the place of four, which is
 * what clearing them away costs. A class, since an object literal has its getters made anew for each.
 */
class StoredRecord implements Incoming {
  constructor(
    private readonly bytes: Buffer,
    private readonly position: number,
    private readonly keyAt: number,
    private readonly keyLength: number,
    private readonly valueAt: number,
    private readonly valueLength: number,
    readonly headers: Incoming["headers"],
  ) {}
  get offset(): string {
    return String(this.position);
  }
  get key(): Buffer | null {
    return this.field(this.keyAt, this.keyLength);
  }
  get value(): Buffer | null {
    return this.field(this.valueAt, this.valueLength);
  }
  private field(at: number, length: number): Buffer | null {
    return length < 0 ? null : this.bytes.subarray(at, at + length);
  }
}

/** Reads the records of one batch after another, each from its unpacked bytes or from one part of them after the other. */
export interface RecordReader {
  /** @param from the first offset that is wanted */
  begin(header: BatchHeader, from: number): void;
  /**
   * Adds the records that `bytes` hold whole to `into`; keys and values are views of `bytes`. Returns how many bytes are read.
   * @throws {Error} what is wrong with the bytes
   */
  read(bytes: Buffer, into: Incoming[]): number;
  /** Bytes that the next record takes, as far as that is known. */
  readonly wanted: number;
  /** Where reading goes on: after the last record that was read. */
  readonly nextOffset: number;
  /** To be called once there are no more bytes. @throws {Error} where that was not all, or too much */
  end(left: number): void;
}

/** Source: Kafka's documentation, "Record". kafkajs takes ten times as long. */
export function createRecordReader(): RecordReader {
  let baseOffset = 0;
  let lastOffset = 0;
  let count = 0;
  let from = 0;
  let done = 0;
  let last = 0;
  let wanted = 0;
  let bytes: Buffer;
  let at = 0;
  let end = 0; // of what may be read: of all bytes, or of a record

  const varint = () => {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      if (at >= end || scale > 2 ** 63) throw new Error("a record's number runs over");
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  /** Passes over a field and returns its length, -1 where there is none. */
  const field = () => {
    const length = varint();
    if (length < -1 || length > end - at) throw new Error("a record's field runs over");
    if (length > 0) at += length;
    return length;
  };
  const headers = (left: number): Incoming["headers"] => {
    if (left < 0 || left > end - at) throw new Error("a record's number of headers can't be right");
    if (left === 0) return undefined;
    const found: Record<string, Buffer> = {};
    for (; left > 0; left--) {
      const nameLength = field();
      const name = bytes.toString("utf8", at - Math.max(0, nameLength), at);
      const length = field();
      if (length >= 0) found[name] = bytes.subarray(at - length, at);
    }
    return found;
  };
  /** Whether the bytes hold the next record's length, which is a varint of up to five bytes. */
  const hasLength = () => end - at >= 5 || bytes.subarray(at).some((byte) => byte < 128);

  return {
    begin(header, first) {
      ({ baseOffset, lastOffset, count } = header);
      from = first;
      done = 0;
      last = baseOffset - 1;
    },
    read(some, into) {
      bytes = some;
      at = 0;
      wanted = 0;
      const all = bytes.length;
      for (; done < count; done++) {
        const start = at;
        end = all;
        if (!hasLength()) break;
        const length = varint();
        if (length < 0 || length > MOST_RECORD_BYTES) {
          throw new Error(`a record says that it takes ${length} bytes`);
        }
        if (length > end - at) {
          wanted = at + length - start;
          at = start;
          break;
        }
        end = at + length;
        at++; // its attributes, of which there are none
        varint(); // its time, after the batch's
        const offset = baseOffset + varint();
        if (offset <= last || offset > lastOffset) throw new Error("a record's offset can't be right");
        const keyLength = field();
        const keyAt = at - keyLength;
        const valueLength = field();
        const valueAt = at - valueLength;
        const own = headers(varint());
        if (at !== end) throw new Error("a record does not end where it says");
        last = offset;
        if (offset < from) continue;
        into.push(new StoredRecord(bytes, offset, keyAt, keyLength, valueAt, valueLength, own));
      }
      return at;
    },
    get wanted() {
      return wanted;
    },
    get nextOffset() {
      return Math.max(from, last + 1);
    },
    end(left) {
      if (done < count) throw new Error(`it ends after ${done} of its ${count} records`);
      if (left > 0) throw new Error(`${left} bytes follow its last record`);
    },
  };
}
