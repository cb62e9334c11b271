import { Buffer } from "node:buffer";
import { canonicalDecoder } from "../shared/canonical.ts";
import type { Batch, Incoming } from "../shared/kafka/mod.ts";
import { faultOf } from "../shared/message.ts";
import { isNewer, rowKey, type Stream } from "../shared/stream.ts";

type Message = { symbol: string };

/** A batch of one partition, decoded; what a message was read from is told by its place in the batch. */
export interface Decoded<M extends Message> {
  readonly messages: M[];
  /** The places of `messages`. */
  readonly places: number[];
  /** What can't be decoded, each with the reason. */
  readonly poison: { place: number; cause: string }[];
  /** Messages of the PySpark pipeline, whose topics have the same names: they have no `receivedAt`. */
  readonly legacy: number[];
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes a batch; it never throws. */
export function decode<M extends Message>(stream: Stream<M>, batch: Batch): Decoded<M> {
  const decoded: Decoded<M> = { messages: [], places: [], poison: [], legacy: [] };
  const canonical = canonicalDecoder(stream);
  const take = (message: M, place: number) => {
    decoded.messages.push(message);
    decoded.places.push(place);
  };
  for (const [place, { value }] of batch.messages.entries()) {
    const message = canonical(latin1(value));
    if (message) {
      take(message, place);
      continue;
    }
    const text = textOf(value);
    const parsed = text === undefined ? undefined : stream.codec.safeDecode(text);
    if (parsed?.success) take(parsed.data, place);
    else if (text !== undefined && isLegacy(stream, text)) decoded.legacy.push(place);
    else {
      decoded.poison.push({ place, cause: parsed ? faultOf(parsed.error) : "it is not UTF-8 text" });
    }
  }
  return decoded;
}

/** The bytes as characters: what is canonical is ASCII, and as such read in a third of the time. */
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

function isLegacy<M extends Message>(stream: Stream<M>, text: string): boolean {
  if (!("receivedAt" in stream.table.columns)) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) && !("receivedAt" in value);
  } catch {
    return false;
  }
}

/** One message a row, the one that the stream's order prefers; of equals the first. */
export function newestPerRow<M extends Message>(stream: Stream<M>, messages: readonly M[]): M[] {
  const rows = new Map<string, M>();
  for (const message of messages) {
    const key = rowKey(stream, message);
    const stored = rows.get(key);
    if (stored === undefined || isNewer(stream, message, stored)) rows.set(key, message);
  }
  return [...rows.values()];
}
