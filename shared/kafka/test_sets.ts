import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Incoming } from "./incoming.ts";
import type { Portion } from "./portion.ts";
import { type Doubts, readSet } from "./record_set.ts";
import { packers } from "./test_batches.ts";

type Aborted = Parameters<typeof readSet>[0]["aborted"];

/** What a partition with these bytes gives, fetched from `from` on until nothing comes any more. */
export async function readAll(
  bytes: Buffer,
  from = 0,
  aborted: Aborted = [],
  end = 2 ** 53,
): Promise<Portion[]> {
  const doubts: Doubts = {};
  const portions: Portion[] = [];
  let next = from;
  // Each fetch begins with the batch that holds the next offset, as the broker does it.
  for (let fetches = 0, idle = 0; idle < 2; fetches++) {
    assert.ok(fetches < 1_000, "it does not end");
    const before = next;
    const fetched = next >= end ? Buffer.alloc(0) : fetchedAt(bytes, next);
    for await (const portion of readSet({ bytes: fetched, aborted, end }, next, doubts)) {
      portions.push(portion);
      assert.ok(portion.nextOffset > next, "it does not move on");
      next = portion.nextOffset;
    }
    idle = next === before ? idle + 1 : 0;
  }
  return portions;
}

/** The bytes from the batch on that holds an offset, by what the headers say. */
function fetchedAt(bytes: Buffer, offset: number): Buffer {
  let at = 0;
  while (at + 61 <= bytes.length) {
    const last = Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23);
    const length = 12 + bytes.readInt32BE(at + 8);
    if (last >= offset || length < 61) break;
    at += length;
  }
  return bytes.subarray(at);
}

export const messagesOf = (portions: readonly Portion[]) => portions.flatMap(({ messages }) => messages);
export const offsetsOf = (portions: readonly Portion[]) =>
  messagesOf(portions).map(({ offset }) => Number(offset));
export const plain = ({ key, value, headers = {} }: Incoming) => ({
  key: key && [...key],
  value: value && [...value],
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
});

export const values = (...all: string[]) => all.map((value) => ({ key: "k", value }));
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
export const damages = (portions: readonly Portion[]) =>
  messagesOf(portions).flatMap(({ damage }) => damage ?? []);

const field = fc.uint8Array({ maxLength: 300 });
const headers = fc.dictionary(fc.stringMatching(/^x-[a-z]{1,20}$/), fc.string(), {
  noNullPrototype: true,
});
const message = fc.record({
  key: fc.option(field),
  value: field,
  headers: fc.option(headers, { nil: undefined }),
});
export const batch = fc.array(message, { minLength: 1, maxLength: 20 });
export const packer = fc.constantFrom(...Object.values(packers));
