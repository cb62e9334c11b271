import assert from "node:assert/strict";
import { ConfigError } from "../shared/config/config.ts";
import { requireHeap } from "./heap.ts";

const GiB = 2 ** 30;

Deno.test("a buffer that is larger than half of the heap is refused by its name", () => {
  requireHeap(64 * 2 ** 20);
  requireHeap(2 * GiB, 4 * GiB);
  assert.throws(() => requireHeap(16 * GiB, 4 * GiB), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(
      error.message,
      /^Cannot use BUFFER_BYTES: it is 17179869184, more than half of the 4294967296 bytes/,
    );
    return true;
  });
});
