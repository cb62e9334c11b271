import type { Outgoing } from "../kafka/mod.ts";
import type { Stream } from "../stream.ts";
import { type Buffer, createBuffer } from "./buffer.ts";
import { rowsOf } from "./rows.ts";

const OVERHEAD = 300;
export const sizeOf = ({ value }: Outgoing) => value.length + OVERHEAD;
/** The entry that a producer makes of a message. */
export function entryOf(message: { symbol: string }): Outgoing {
  return { key: message.symbol, value: JSON.stringify(message) };
}
export const signal = new AbortController().signal;
/** What is no message: a buffer that does not merge never looks into its entries. */
export const letter: Outgoing = { key: null, value: "?".repeat(100) };

/** A buffer with what it tells of. */
export function bufferOf<M extends { symbol: string }>(stream: Stream<M>, limit: number) {
  const told = { merged: 0, dropped: [] as Outgoing[], droppedNumbers: [] as number[] };
  const buffer = createBuffer(limit, {
    onMerged: () => told.merged++,
    onDropped(entry, number) {
      told.dropped.push(entry);
      told.droppedNumbers.push(number);
    },
  }, rowsOf(stream.message));
  return { buffer, told };
}

/** Takes all that is left. */
export async function drain(buffer: Buffer, most = 1_000) {
  const entries: Outgoing[] = [];
  buffer.close();
  for (let batch; (batch = await buffer.take(most, signal)).length > 0; buffer.settle()) {
    entries.push(...batch);
  }
  return entries;
}
