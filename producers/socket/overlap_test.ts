import assert from "node:assert/strict";
import { createOverlap } from "./overlap.ts";

const LAG = 10_000;

/** An overlap with a clock that is set. */
function overlapAt(start: number) {
  const clock = { now: start };
  return { clock, overlap: createOverlap(String, () => clock.now) };
}

Deno.test("what comes twice while two connections are open, or soon after, is known the second time", () => {
  const { clock, overlap } = overlapAt(1e12);
  assert.deepEqual([overlap.isDuplicate(1), overlap.isDuplicate(1)], [false, false]);
  overlap.begin();
  assert.deepEqual([overlap.isDuplicate(2), overlap.isDuplicate(2)], [false, true]);
  overlap.isDuplicate(3);
  overlap.end();
  clock.now += LAG;
  assert.deepEqual([overlap.isDuplicate(3), overlap.isDuplicate(4)], [true, false]);
  clock.now += 1;
  assert.deepEqual([overlap.isDuplicate(4), overlap.isDuplicate(4)], [false, false]);
});

Deno.test("however long a second connection is waited for, no more is remembered than could be repeated", () => {
  const { clock, overlap } = overlapAt(1e12);
  overlap.begin();
  for (let n = 0; n < 100; n++, clock.now += 1_000) {
    assert.equal(overlap.isDuplicate(n), false);
    assert.equal(overlap.isDuplicate(Math.max(0, n - 10)), true);
  }
  // What is this old is forgotten.
  assert.equal(overlap.isDuplicate(70), false);
});
