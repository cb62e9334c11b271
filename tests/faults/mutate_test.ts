import assert from "node:assert/strict";
import { createDecoder } from "../../consumers/decode.ts";
import { createRandom } from "../../local/exchange/market/random.ts";
import type { Stream } from "../../shared/stream.ts";
import { book } from "../../shared/streams/book.ts";
import { kline } from "../../shared/streams/kline.ts";
import { sampleOf } from "./sample.ts";
import { mutate } from "./mutate.ts";

for (const stream of [book, kline] as unknown as Stream[]) {
  Deno.test(`a ${stream.message.name} message is good, and every mutation of it is bad`, () => {
    const random = createRandom(1);
    const message = sampleOf(stream);
    const values: Uint8Array[] = [new TextEncoder().encode(stream.message.codec.encode(message))];
    for (let n = 0; n < 5_000; n++) values.push(mutate(message, random));
    const { read, faultIn } = createDecoder(stream.message);
    const [good, ...bad] = values.map((value) => read(value) ? "good" : faultIn(value));
    assert.equal(good, "good");
    assert.equal(bad.filter((fault) => fault !== undefined && fault !== "good").length, 5_000);
  });
}
