import assert from "node:assert/strict";
import { measured, percentile, rounded } from "./statistics.ts";

Deno.test("the median is the middle one, or half-way between the two in the middle", () => {
  assert.deepEqual(measured([30, 10, 20]), { median: 20, least: 10, most: 30 });
  assert.equal(measured([1, 2, 3, 10]).median, 2.5);
  assert.deepEqual(measured([7]), { median: 7, least: 7, most: 7 });
});

Deno.test("a percentile lies between two figures in proportion", () => {
  const hundredOne = Array.from({ length: 101 }, (_, i) => i);
  assert.equal(percentile(hundredOne, 0.99), 99);
  assert.equal(percentile([0, 10], 0.25), 2.5);
  assert.equal(percentile([3], 0.99), 3);
});

Deno.test("nothing has no percentile", () => {
  assert.throws(() => percentile([], 0.5), RangeError);
});

Deno.test("figures are rounded to significant digits", () => {
  assert.equal(rounded(123_456), 123_000);
  assert.equal(rounded(0.81234), 0.812);
});
