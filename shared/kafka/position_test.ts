import assert from "node:assert/strict";
import { goOn } from "./position.ts";

const partition = 2;
const held = { partition, low: 60, high: 100 };

Deno.test("a reader whose messages were deleted goes on at the oldest that is left, and those in between are lost", () => {
  assert.deepEqual(goOn(held, 50), { next: 60, lost: { partition, from: 50, to: 60 } });
  assert.deepEqual(goOn({ ...held, low: 100 }, 50), { next: 100, lost: { partition, from: 50, to: 100 } });
});

Deno.test("a partition that ends before the reader's place is read from its beginning, and nothing of it is lost", () => {
  assert.deepEqual(goOn(held, 101), { next: 60 });
  assert.deepEqual(goOn({ partition, low: 0, high: 0 }, 1), { next: 0 });
});

Deno.test("a reader whose place is within the partition, or at its end, stays there", () => {
  for (const next of [60, 80, 100]) assert.deepEqual(goOn(held, next), { next });
});
