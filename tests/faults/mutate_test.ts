import assert from "node:assert/strict";
import { decode } from "../../consumers/decode.ts";
import { createRandom } from "../../local/exchange/market/random.ts";
import type { Stream } from "../../shared/stream.ts";
import { book } from "../../shared/streams/book.ts";
import { kline } from "../../shared/streams/kline.ts";
import { sampleOf } from "./sample.ts";
import { mutate } from "./mutate.ts";

for (const stream of [book, kline] as Stream[]) {
  Deno.test(`a ${stream.name} message is good, and every mutation of it is bad`, () => {
    const random = createRandom(1);
    const message = sampleOf(stream);
    const values: Uint8Array[] = [new TextEncoder().encode(stream.codec.encode(message))];
    for (let n = 0; n < 5_000; n++) values.push(mutate(message, random));
    const { messages, poison, legacy } = decode(stream, {
      topic: stream.topic,
      partition: 0,
      messages: values.map((value, offset) => ({ key: null, value, offset: `${offset}` })),
      nextOffset: "",
      behind: 0,
    });
    assert.deepEqual([messages.length, poison.length, legacy.length], [1, 5_000, 0]);
  });
}
