import assert from "node:assert/strict";
import { createRates } from "./rates.ts";

Deno.test("a rate is 0 while it is not known, and never below", () => {
  const rates = createRates();
  assert.equal(rates.of("book"), 0);
  rates.note("book", 10, 0);
  assert.equal(rates.of("book"), 0);
  rates.note("book", 5, 1_000);
  assert.equal(rates.of("book"), 0);
});

Deno.test("a rate is that of the last 5 s", () => {
  const rates = createRates();
  for (let second = 0; second <= 10; second++) rates.note("book", second * 100, second * 1_000);
  assert.equal(rates.of("book"), 100);
  for (let second = 11; second <= 15; second++) rates.note("book", 1_000, second * 1_000);
  assert.equal(rates.of("book"), 0);
});
