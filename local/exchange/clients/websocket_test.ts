import assert from "node:assert/strict";
import fc from "fast-check";
import { acceptKey, closeFrame, createFrameReader, frame, opcodes, textFrame } from "./websocket.ts";

/** The client's side: the same frame, masked. */
function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  const header = (bytes[1] & 0x7f) === 126 ? 4 : 2;
  const payload = bytes.slice(header).map((byte, i) => byte ^ mask[i & 3]);
  const head = bytes.slice(0, header);
  head[1] |= 0x80;
  return new Uint8Array([...head, ...mask, ...payload]);
}

Deno.test("a frame without a mask, in pieces or too long is refused", () => {
  const read = (...bytes: number[]) => () => createFrameReader()(new Uint8Array(bytes));
  assert.throws(read(0x81, 0x01, 0x61), /masked/);
  assert.throws(read(0x01, 0x81), /several frames/);
  assert.throws(read(0x81, 0xff), /shorter/);
});

Deno.test("frames are read whole, however the network cuts them", () => {
  const payload = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.array(payload, { maxLength: 5 }), fc.integer({ min: 1, max: 200 }), (payloads, cut) => {
      const mask = new Uint8Array([1, 2, 250, 77]);
      const bytes = payloads.flatMap((payload) => [...masked(frame(opcodes.text, payload), mask)]);
      const read = createFrameReader();
      const found = [];
      for (let i = 0; i < bytes.length; i += cut) {
        found.push(...read(new Uint8Array(bytes.slice(i, i + cut))));
      }
      assert.deepEqual(found, payloads.map((payload) => ({ opcode: opcodes.text, payload })));
    }),
  );
});

Deno.test("lengths have their shortest form", () => {
  assert.deepEqual([...textFrame("é").slice(0, 2)], [0x81, 2]);
  assert.deepEqual([...frame(opcodes.text, new Uint8Array(126)).slice(0, 4)], [0x81, 126, 0, 126]);
  assert.deepEqual(
    [...frame(opcodes.text, new Uint8Array(65_536)).slice(0, 10)],
    [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0],
  );
  assert.deepEqual([...closeFrame(1001, "x")], [0x88, 3, 0x03, 0xe9, 0x78]);
});

Deno.test("the handshake's key is answered as in RFC 6455, 1.3", () => {
  assert.equal(acceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});
