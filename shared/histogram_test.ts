import assert from "node:assert/strict";
import fc from "fast-check";
import { type Histogram, merge, note, percentile } from "./histogram.ts";

const duration = fc.double({ min: 0.1, max: 86_400_000, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });

const of = (durations: number[]) => {
  const histogram: Histogram = [];
  for (const ms of durations) note(histogram, ms);
  return histogram;
};

Deno.test("of no durations there is no percentile", () => {
  assert.equal(percentile([], 0.5), null);
  assert.equal(percentile(merge([]), 0.5), null);
});

Deno.test("a percentile is at most 10 % above the exact one, and not below it", () => {
  fc.assert(fc.property(fc.array(duration, { minLength: 1 }), share, (durations, p) => {
    const exact = durations.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(durations.length * p)) - 1];
    const ratio = percentile(of(durations), p)! / exact;
    // What is printed has three digits.
    assert.ok(ratio > 0.994 && ratio < 1.1 * 1.005, `${ratio} of ${exact}`);
  }));
});

Deno.test("histograms merged are one of all their durations", () => {
  fc.assert(fc.property(fc.array(fc.array(duration)), (lists) => {
    const all = of(lists.flat());
    assert.deepEqual(merge(lists.map(of)), all);
  }));
});

Deno.test("a clock that is ahead gives no negative delays, and a week is a few hundred buckets", () => {
  assert.equal(percentile(of([-1_300]), 0.5), 0.1);
  assert.ok(of([7 * 86_400_000]).length < 300);
});
