import assert from "node:assert/strict";
import fc from "fast-check";
import { createWindow, type Histogram, merge, note, percentile, summaryOf } from "./histogram.ts";

const duration = fc.double({ min: 0.1, max: 86_400_000, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });

const of = (durations: number[]) => {
  const histogram: Histogram = [];
  for (const ms of durations) note(histogram, ms);
  return histogram;
};

Deno.test("no durations have no percentile", () => {
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

Deno.test("merged histograms are one histogram of all durations", () => {
  fc.assert(fc.property(fc.array(fc.array(duration)), (lists) => {
    const all = of(lists.flat());
    assert.deepEqual(merge(lists.map(of)), all);
  }));
});

Deno.test("a clock that is ahead gives no negative delays, and a week is a few hundred buckets", () => {
  assert.equal(percentile(of([-1_300]), 0.5), 0.1);
  assert.ok(of([7 * 86_400_000]).length < 300);
});

Deno.test("a window has the last minute: delays of an outage are gone two minutes after it", () => {
  const all: Histogram = [];
  const recent = createWindow(60_000);
  const p99 = (second: number) => summaryOf(recent(all, second * 1_000)).p99_ms;
  for (let second = 0; second <= 300; second += 10) {
    // A minute's outage, then a good day.
    note(all, second < 60 ? 614_000 : 5, 100);
    if (second === 50) assert.ok(p99(second)! > 600_000);
    else if (second >= 180) assert.ok(p99(second)! < 6, `${second} s`);
    else p99(second);
  }
  assert.ok(percentile(all, 0.99)! > 600_000);
});

Deno.test("a window has all durations at first, and those since the last call if that is longer ago", () => {
  const all: Histogram = [];
  const recent = createWindow(60_000);
  const noted = (second: number) => recent(all, second * 1_000).reduce((sum, count) => sum + count, 0);
  note(all, 5, 3);
  assert.equal(noted(50), 3);
  assert.equal(noted(55), 3);
  note(all, 5, 4);
  assert.equal(noted(600), 4);
  assert.equal(noted(700), 0);
});
