import type { Batch, Incoming } from "../shared/kafka/mod.ts";
import { faultOf } from "../shared/message.ts";
import { isNewer, rowKey, type Stream } from "../shared/stream.ts";

type Message = { symbol: string };

/** A batch of one partition, decoded. */
export interface Decoded<M extends Message> {
  readonly messages: M[];
  /** What each of the messages was read from. */
  readonly sources: Incoming[];
  /** What can't be decoded, each with the reason. */
  readonly poison: { message: Incoming; cause: string }[];
  /** Messages of the PySpark pipeline, whose topics have the same names: they have no `receivedAt`. */
  readonly legacy: Incoming[];
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes a batch; it never throws. */
export function decode<M extends Message>(stream: Stream<M>, batch: Batch): Decoded<M> {
  const decoded: Decoded<M> = { messages: [], sources: [], poison: [], legacy: [] };
  for (const message of batch.messages) {
    const text = textOf(message);
    const parsed = text === undefined ? undefined : stream.codec.safeDecode(text);
    if (parsed?.success) {
      decoded.messages.push(parsed.data);
      decoded.sources.push(message);
    } else if (text !== undefined && isLegacy(stream, text)) {
      decoded.legacy.push(message);
    } else {
      decoded.poison.push({ message, cause: parsed ? faultOf(parsed.error) : "it is not UTF-8 text" });
    }
  }
  return decoded;
}

function textOf(message: Incoming): string | undefined {
  try {
    return utf8.decode(message.value ?? new Uint8Array());
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
