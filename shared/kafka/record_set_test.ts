import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type Codec, codecs, encodeRecordBatch } from "./record_batch.ts";
import type { Incoming } from "./consumer.ts";
import { readRecords } from "./record_set.ts";

const field = fc.uint8Array({ maxLength: 300 });
const message = fc.record({
  key: fc.option(field),
  value: field,
  headers: fc.option(
    fc.dictionary(fc.stringMatching(/^x-[a-z]{1,20}$/), fc.string(), { noNullPrototype: true }),
    {
      nil: undefined,
    },
  ),
});
const batch = fc.array(message, { minLength: 1, maxLength: 20 });

/** A batch as the broker stores it: with its offset. */
function stored(
  messages: Parameters<typeof encodeRecordBatch>[0],
  offset: bigint,
  codec: Codec = codecs.none,
): Buffer {
  const bytes = encodeRecordBatch(messages, 1_790_000_040_118, codec);
  bytes.writeBigInt64BE(offset);
  return bytes;
}

Deno.test("records that are compressed otherwise, of an older format or a broker's own are left to others", () => {
  const plain = stored([{ key: null, value: "{}" }], 0n);
  const changed = (at: number, byte: number) => {
    const bytes = Buffer.from(plain);
    bytes[at] = byte;
    return bytes;
  };
  for (const codec of [2, 3]) assert.equal(readRecords(changed(22, codec)), undefined);
  assert.equal(readRecords(changed(22, 0x20)), undefined);
  assert.equal(readRecords(changed(16, 1)), undefined);
  assert.equal(readRecords(plain)?.length, 1);
});

Deno.test("a batch that is cut off at the end is left out, wherever the cut is", () => {
  const whole = stored([{ key: "a", value: "1" }, { key: "b", value: "2" }], 7n);
  for (let cut = 0; cut < whole.length; cut++) {
    assert.deepEqual(readRecords(whole.subarray(0, cut)), []);
    const records = readRecords(Buffer.concat([whole, whole.subarray(0, cut)]));
    assert.deepEqual(records?.map(({ offset }) => offset), ["7", "8"]);
  }
});

Deno.test("records read back as they were written, plain batches and compressed ones mixed, with offsets beyond 2^32", () => {
  const batches = fc.array(fc.tuple(batch, fc.constantFrom(...Object.values(codecs))), { maxLength: 4 });
  fc.assert(
    fc.property(batches, fc.bigInt(0n, 2n ** 52n), (packed, first) => {
      const batches = packed.map(([messages]) => messages);
      let next = first;
      const set = Buffer.concat(packed.map(([messages, codec]) => {
        const bytes = stored(messages, next, codec);
        next += BigInt(messages.length);
        return bytes;
      }));
      const records = readRecords(set);
      assert.equal(records?.length, batches.flat().length);
      for (const [i, { key, value, headers = {} }] of batches.flat().entries()) {
        const record: Incoming = records![i];
        assert.equal(record.offset, String(first + BigInt(i)));
        assert.deepEqual(record.key && new Uint8Array(record.key), key);
        assert.deepEqual(new Uint8Array(record.value!), value);
        const read = Object.entries(record.headers ?? {}).map(([name, text]) => [name, String(text)]);
        assert.deepEqual(Object.fromEntries(read), headers);
      }
    }),
  );
});
