import assert from "node:assert/strict";
import fc from "fast-check";
import { spansOf } from "./audit.ts";

Deno.test("candles are asked for by pages, and what is between them is not", () => {
  assert.deepEqual(spansOf([], 3, 10), []);
  assert.deepEqual(spansOf([100, 110, 120, 130, 150], 3, 10), [
    { since: 100, until: 130 },
    { since: 130, until: 140 },
    { since: 150, until: 160 },
  ]);
});

Deno.test("the spans have each candle once, no others, and no more of them than a page has", () => {
  const candles = fc.uniqueArray(fc.nat(200), { maxLength: 150 }).map((all) => all.toSorted((a, b) => a - b));
  fc.assert(fc.property(candles, fc.integer({ min: 1, max: 30 }), (opens, most) => {
    const spans = spansOf(opens, most, 1);
    const covered = spans.flatMap(({ since, until }) =>
      Array.from({ length: until - since }, (_, n) => since + n)
    );
    assert.deepEqual(covered, opens);
    assert.ok(spans.every(({ since, until }) => until - since <= most));
  }));
});
