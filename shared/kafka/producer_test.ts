import assert from "node:assert/strict";
import fc from "fast-check";
import { chunksOf, type Outgoing } from "./producer.ts";
import { encodeRecordBatch } from "./record_batch.ts";

/** What a broker takes as one batch by default: `message.max.bytes`. */
const BROKER_BYTES = 1_048_588;

const message: fc.Arbitrary<Outgoing> = fc.record({
  key: fc.constantFrom("BTCUSDT", null),
  value: fc.oneof(fc.nat(300_000), fc.constantFrom(0, 899_000, 900_000)).map((size) => new Uint8Array(size)),
  headers: fc.option(fc.constant({ "bookline-cause": "c".repeat(1_000) }), { nil: undefined }),
});

Deno.test("what is sent at once is never more than a broker takes, and nothing is left out", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
      const chunks = [...chunksOf(messages)];
      assert.deepEqual(chunks.flat(), messages);
      for (const chunk of chunks) {
        assert.ok(chunk.length > 0);
        assert.ok(encodeRecordBatch(chunk, 0).length <= BROKER_BYTES);
      }
    }),
    { numRuns: 40 },
  );
});
