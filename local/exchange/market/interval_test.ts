import assert from "node:assert/strict";
import fc from "fast-check";
import { intervals, spanOf } from "./interval.ts";

Deno.test("an interval that Binance does not have is refused", () => {
  for (const interval of ["1s", "7m", "", "constructor"]) {
    assert.throws(() => spanOf(interval, 0), RangeError);
  }
});

Deno.test("weeks begin on Monday, months on the first, leap years are known", () => {
  const iso = (interval: string, time: string) => {
    const { openTime, closeTime } = spanOf(interval, Date.parse(time));
    return [new Date(openTime).toISOString(), new Date(closeTime).toISOString()];
  };
  assert.deepEqual(iso("1w", "2026-10-04T23:59:59Z"), [
    "2026-09-28T00:00:00.000Z",
    "2026-10-04T23:59:59.999Z",
  ]);
  assert.deepEqual(iso("1M", "2028-02-29T12:00:00Z"), [
    "2028-02-01T00:00:00.000Z",
    "2028-02-29T23:59:59.999Z",
  ]);
  assert.deepEqual(iso("4h", "2026-10-04T03:59:59Z"), [
    "2026-10-04T00:00:00.000Z",
    "2026-10-04T03:59:59.999Z",
  ]);
});

Deno.test("spans hold their time and follow one another without a gap", () => {
  fc.assert(fc.property(fc.constantFrom(...intervals), fc.nat(4_102_444_800_000), (interval, time) => {
    const span = spanOf(interval, time);
    assert.ok(span.openTime <= time && time <= span.closeTime);
    assert.equal(spanOf(interval, span.closeTime + 1).openTime, span.closeTime + 1);
    assert.deepEqual(spanOf(interval, span.closeTime), span);
  }));
});
