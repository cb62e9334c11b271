import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { type BatchHeader, HEADER_BYTES } from "./batch_header.ts";
import type { Incoming } from "./incoming.ts";
import { type Portion, PORTION_BYTES, release } from "./portion.ts";
import { createRecordReader } from "./record.ts";
import { packingOf, slicesOf } from "./unpack.ts";

/**
 * The messages of a batch that unpacks to much, part by part, after all of it has been seen to be good: it is unpacked twice.
 * @throws {Error} what is wrong with it, before any message
 */
export async function* messagesByParts(header: BatchHeader, from: number): AsyncGenerator<Portion> {
  for await (const { unpacked } of readByParts(header, from)) release(unpacked);
  yield* readByParts(header, from);
}

async function* readByParts(header: BatchHeader, from: number): AsyncGenerator<Portion> {
  const reader = createRecordReader();
  reader.begin(header, from);
  let waiting: Uint8Array[] = [];
  let size = 0;
  const take = (): Portion => {
    const messages: Incoming[] = [];
    const bytes = Buffer.concat(waiting, size);
    const read = reader.read(bytes, messages);
    // A copy, as the portion may be released before the next one is asked for.
    waiting = [Buffer.from(bytes.subarray(read))];
    size -= read;
    return { messages, bytes: read, nextOffset: reader.nextOffset, unpacked: [bytes] };
  };
  for await (const part of packingOf(header.codec).parts(header.bytes.subarray(HEADER_BYTES))) {
    for (const slice of slicesOf(part, PORTION_BYTES)) {
      waiting.push(slice);
      size += slice.length;
      if (size < Math.max(PORTION_BYTES, reader.wanted)) continue;
      await setImmediate(); // a decompression bomb must hold up no timer and no signal
      yield take();
    }
  }
  yield take();
  reader.end(size);
}
