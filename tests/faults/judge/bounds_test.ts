import assert from "node:assert/strict";
import fc from "fast-check";
import { createBounds, EARLY_MS, LATE_MS } from "./bounds.ts";

/** What is wrong with a gap between messages a second apart from 0 to 60 s, of which these (s) are missing. */
function faultOf(from: number, to: number, missing: readonly number[], every = 1): string | undefined {
  const bounds = createBounds({ from, to });
  for (let s = 0; s <= 60; s += every) {
    if (!missing.includes(s)) bounds.stored(s * 1_000);
    else if (from <= s * 1_000 && s * 1_000 < to) bounds.missing();
  }
  return bounds.fault();
}

Deno.test("a gap may begin 2.5 s before the last message before the loss, and end 1 s after the first one after it", () => {
  const missing = [20, 21, 22];
  assert.equal(faultOf(19_000 - EARLY_MS, 23_000 + LATE_MS, missing), undefined);
  assert.match(faultOf(19_000 - EARLY_MS - 10, 23_000, missing)!, /^begins 2510 ms before/);
  assert.match(faultOf(19_000, 23_000 + LATE_MS + 10, missing)!, /^ends 1010 ms after/);
  assert.match(faultOf(19_000, Infinity, missing)!, /^has 37000 ms of stored messages in it/);
});

Deno.test("a gap without a missing message must fit two stored ones that follow each other", () => {
  assert.equal(faultOf(19_000 - EARLY_MS, 20_000 + LATE_MS, []), undefined);
  assert.equal(faultOf(12_000, 28_000, [], 20), "lies over messages that are all stored");
  assert.equal(faultOf(12_000, 20_500, [], 10), undefined);
  assert.match(faultOf(10_000, 30_000, [])!, /all stored/);
  assert.match(faultOf(50_000, Infinity, [])!, /^begins 10000 ms before/);
  assert.equal(faultOf(60_000 - EARLY_MS, Infinity, []), undefined);
});

Deno.test("a gap over two losses that are far apart has stored messages in it", () => {
  assert.equal(faultOf(19_000, 26_000, [20, 24]), undefined);
  assert.match(faultOf(19_000, 28_000, [20, 26])!, /^has 4000 ms of stored messages in it/);
});

Deno.test("whatever is missing, a gap around it is right if neither end is too far away", () => {
  fc.assert(fc.property(
    fc.record({
      first: fc.integer({ min: 6, max: 40 }),
      count: fc.integer({ min: 1, max: 10 }),
      early: fc.integer({ min: 0, max: 5_000 }),
      late: fc.integer({ min: 0, max: 3_000 }),
    }),
    ({ first, count, early, late }) => {
      const missing = Array.from({ length: count }, (_, n) => first + n);
      const fault = faultOf((first - 1) * 1_000 - early, (first + count) * 1_000 + late, missing);
      // Two connections may differ by 9 ms.
      assert.equal(fault === undefined, early <= EARLY_MS + 9 && late <= LATE_MS + 9);
    },
  ));
});
