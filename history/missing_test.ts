import assert from "node:assert/strict";
import fc from "fast-check";
import { missingSpans } from "./missing.ts";

Deno.test("what is present and what is missing are each candle once", () => {
  const length = 60_000;
  fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 60 }), fc.nat(1_000), (isPresent, first) => {
    const since = first * length;
    const present = isPresent.flatMap((there, n) => there ? [since + n * length] : []);
    const spans = missingSpans(present, { since, until: since + isPresent.length * length }, length);
    const missing = spans.flatMap(({ since, until }) =>
      Array.from({ length: (until - since) / length }, (_, n) => since + n * length)
    );
    assert.deepEqual(missing, isPresent.flatMap((there, n) => there ? [] : [since + n * length]));
    for (const [n, { since }] of spans.entries()) assert.ok(n === 0 || spans[n - 1].until < since);
  }));
});
