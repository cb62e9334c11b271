import assert from "node:assert/strict";
import fc from "fast-check";
import { crc32c } from "./crc32c.ts";

/** One bit at a time, as the definition goes. */
function slowly(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

Deno.test("the checksum is CRC-32C's, whatever the length", () => {
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283); // the check value of the catalogue of CRCs
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => assert.equal(crc32c(bytes), slowly(bytes))),
  );
});
