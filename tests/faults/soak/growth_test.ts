import assert from "node:assert/strict";
import { growthOf, leaks } from "./growth.ts";

Deno.test("a heap that warms up and then varies is flat, one that grows steadily is not", () => {
  const flat = [10, 40, 100, 90, 110, 95, 105, 100, 90, 110];
  const growing = Array.from({ length: 100 }, (_, i) => 100 + i);
  const memory = growthOf(new Map([["flat", flat], ["growing", growing]]));
  assert.deepEqual(memory, [{ task: "flat", start: 100, end: 110 }, {
    task: "growing",
    start: 130,
    end: 190,
  }]);
  assert.deepEqual(leaks(memory), ["the memory of growing grew from 130 to 190 bytes"]);
});

Deno.test("memory that could not be measured is no proof", () => {
  assert.equal(leaks(growthOf(new Map([["unknown", [NaN, NaN]]]))).length, 1);
});
