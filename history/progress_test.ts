import assert from "node:assert/strict";
import { renderState, renderTime } from "./progress.ts";

Deno.test("the state is a bar, files, rows, a rate, and the time left at the speed so far", () => {
  assert.equal(
    renderState({
      unit: "files",
      total: 12,
      done: 3.2,
      rows: 1_200_000,
      rowsPerSecond: 88_000.4,
      elapsedMs: 40_000,
    }),
    "[######                  ] 3 of 12 files, 1,200,000 rows, 88,000 rows/s, 1 min 50 s left",
  );
  assert.equal(
    renderState({ unit: "files", total: 12, done: 0, rows: 0, rowsPerSecond: 0, elapsedMs: 5 }),
    "[                        ] 0 of 12 files, 0 rows, 0 rows/s",
  );
  assert.match(
    renderState({ unit: "files", total: 0, done: 0, rows: 0, rowsPerSecond: 0, elapsedMs: 5 }),
    /^\[#{24}\] 0 of 0 files/,
  );
});

Deno.test("times are in two units at most", () => {
  assert.deepEqual([800, 59_400, 125_000, 11_220_000].map(renderTime), [
    "1 s",
    "59 s",
    "2 min 5 s",
    "3 h 7 min",
  ]);
});
