import assert from "node:assert/strict";
import fc from "fast-check";
import { deadLetter } from "./dead_letter.ts";
import { encodeRecordBatch } from "./kafka/record_batch.ts";

const origin = { cause: "no JSON", source: "kline_data", partition: 3, offset: "17" };

Deno.test("a message that is too long for a broker is cut, and a header says how long it was", () => {
  const letter = deadLetter("k".repeat(1_000_000), "x".repeat(1_000_000), origin);
  assert.equal(letter.value.length, 900_000);
  assert.equal(letter.key!.length, 100_000);
  assert.equal(letter.headers!["bookline-cut-from-bytes"], "1000000");
  assert.equal(letter.headers!["bookline-key-cut-from-bytes"], "1000000");
  assert.ok(encodeRecordBatch([letter], 0).length <= 1_048_588);
});

Deno.test("key and bytes are unchanged, whatever they are", () => {
  fc.assert(fc.property(fc.option(fc.uint8Array()), fc.uint8Array(), (key, value) => {
    const letter = deadLetter(key, value, origin);
    assert.equal(letter.key, key);
    assert.deepEqual(letter.value, value);
    assert.ok(!("bookline-cut-from-bytes" in letter.headers!));
  }));
  assert.deepEqual(deadLetter(null, "{é", origin).value, new TextEncoder().encode("{é"));
});

Deno.test("headers say why, where from and when", () => {
  const before = Date.now();
  const { "bookline-time": time, ...rest } = deadLetter(null, "", origin).headers!;
  assert.deepEqual(rest, {
    "bookline-cause": "no JSON",
    "bookline-source": "kline_data",
    "bookline-partition": "3",
    "bookline-offset": "17",
  });
  assert.ok(Date.parse(time) >= before && Date.parse(time) <= Date.now());
});

Deno.test("a frame of the exchange has no partition and no offset", () => {
  const { headers } = deadLetter(null, "", { cause: "x".repeat(5_000), source: "exchange" });
  assert.deepEqual(Object.keys(headers!), ["bookline-cause", "bookline-source", "bookline-time"]);
  assert.equal(headers!["bookline-cause"].length, 1_000);
});
