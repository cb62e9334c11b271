import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import Decoder from "kafkajs/src/protocol/decoder.js";
import decodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import type { Outgoing } from "./outgoing.ts";
import { crc32c } from "./crc32c.ts";
import { encodeRecordBatch } from "./record_batch.ts";

const text = fc.string({ unit: "grapheme", maxLength: 300 });
const field = fc.oneof(text, fc.uint8Array({ maxLength: 300 }));
const message: fc.Arbitrary<Outgoing> = fc.record({
  key: fc.option(field),
  value: field,
  headers: fc.option(fc.dictionary(fc.stringMatching(/^x-[a-z]{1,20}$/), text, { noNullPrototype: true }), {
    nil: undefined,
  }),
});

const bytesOf = (value: Outgoing["key"]) => value === null ? null : Buffer.from(value as string);

Deno.test("a record batch reads back as what was sent, null keys, empty values and headers included", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 150 }), async (messages) => {
      const bytes = encodeRecordBatch(messages, 1_790_000_040_118);
      const { records } = await decodeBatch(new Decoder(bytes));
      assert.equal(records.length, messages.length);
      for (const [i, { key, value, headers = {} }] of messages.entries()) {
        assert.deepEqual(records[i].key, bytesOf(key));
        assert.deepEqual(records[i].value, bytesOf(value));
        assert.equal(records[i].offset, String(i));
        assert.equal(records[i].timestamp, "1790000040118");
        const read = Object.entries(records[i].headers).map(([name, text]) => [name, String(text)]);
        assert.deepEqual(Object.fromEntries(read), headers);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("the checksum covers all that follows it, and the length all but itself", () => {
  const bytes = encodeRecordBatch([{ key: "BTCUSDT", value: "{}" }], 0);
  assert.equal(bytes.readInt32BE(8), bytes.length - 12);
  assert.equal(bytes.readUInt32BE(17), crc32c(bytes.subarray(21)));
});
