import { Buffer } from "node:buffer";
import { canonicalDecoder } from "../shared/canonical.ts";
import type { Incoming } from "../shared/kafka/mod.ts";
import { faultOf } from "../shared/message.ts";
import { newestOf, rowKey } from "../shared/order.ts";
import type { MessageType, StreamMessage } from "../shared/stream.ts";

/** Decodes the values of a stream's messages. */
export interface Decoder<M> {
  /** The message; undefined if the value is not one. */
  read(value: Incoming["value"]): M | undefined;
  /** Why a value is not a message; undefined for a message of the PySpark pipeline, whose topics have the same names. */
  faultIn(value: Incoming["value"]): string | undefined;
  /** How many values the fast decoder did not know, though it knows messages of the stream: the schema read them. */
  readonly fallbacks: number;
}

/** More than any canonical text has: that is its fields, of less than 70 characters each. Of a larger value no copy is made for it. */
const MOST_CANONICAL_BYTES = 4_096;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The decoder of a stream's messages; it never throws. */
export function createDecoder<M extends StreamMessage>(type: MessageType<M>): Decoder<M> {
  const canonical = canonicalDecoder(type);
  let fallbacks = 0;
  return {
    read(value) {
      if (canonical) {
        const message = value && value.length > MOST_CANONICAL_BYTES ? undefined : canonical(latin1(value));
        if (message) return message;
        fallbacks++;
      }
      const text = textOf(value);
      return text === undefined ? undefined : type.codec.safeDecode(text).data;
    },
    faultIn(value) {
      const text = textOf(value);
      if (text === undefined) return "it is not UTF-8 text";
      if (isLegacy(type, text)) return undefined;
      const { error } = type.codec.safeDecode(text);
      return error && faultOf(error);
    },
    get fallbacks() {
      return fallbacks;
    },
  };
}

/** The bytes as characters. Canonical text is ASCII, which is read in a third of the time that UTF-8 takes. */
function latin1(value: Incoming["value"]): string {
  if (!value) return "";
  const buffer = value instanceof Buffer
    ? value
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return buffer.toString("latin1");
}

function textOf(value: Incoming["value"]): string | undefined {
  try {
    return utf8.decode(value ?? new Uint8Array());
  } catch {
    return undefined;
  }
}

/** Messages of the PySpark pipeline have no `receivedAt`. */
function isLegacy<M extends StreamMessage>({ schema }: MessageType<M>, text: string): boolean {
  if (!("receivedAt" in schema.shape)) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) && !("receivedAt" in value);
  } catch {
    return false;
  }
}

/** One message a row: the newest version, see `newestOf`; of equal ones the first. */
export function newestPerRow<M extends StreamMessage>(type: MessageType<M>, messages: Iterable<M>): M[] {
  const rows = new Map<string, M>();
  for (const message of messages) {
    const key = rowKey(type, message);
    const stored = rows.get(key);
    rows.set(key, stored === undefined ? message : newestOf(type, stored, message));
  }
  return [...rows.values()];
}
