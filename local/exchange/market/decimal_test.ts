import assert from "node:assert/strict";
import fc from "fast-check";
import { decimalText, scaleOf, sumOf, unitsOf } from "./decimal.ts";

Deno.test("units are written with their decimals, a whole number with none", () => {
  assert.equal(decimalText(6_180_020, 2), "61800.20");
  assert.equal(decimalText(44_480, 7), "0.0044480");
  assert.equal(decimalText(254_020, 0), "254020");
  assert.equal(decimalText(0n, 3), "0.000");
});

Deno.test("what is written reads back as the same units and scale", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.nat(8), (units, scale) => {
    const text = decimalText(units, scale);
    assert.deepEqual([unitsOf(text), scaleOf(text)], [units, scale]);
  }));
});

Deno.test("a sum is exact, and has the decimals of the longest text", () => {
  assert.equal(sumOf(["0.1", "0.20", "9007199254740993"]), "9007199254740993.30");
  assert.equal(sumOf([]), "0");
});
