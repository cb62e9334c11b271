import assert from "node:assert/strict";
import { spread, table } from "./table.ts";

Deno.test("columns are as wide as their widest cell", () => {
  assert.deepEqual(table(["who", "rows/s"], [["Bookline", "1"], ["x", "123,000"]]), [
    "who        rows/s",
    "--------  -------",
    "Bookline        1",
    "x         123,000",
  ]);
});

Deno.test("a figure is shown with its spread", () => {
  assert.equal(spread({ median: 123_456, least: 100_000, most: 131_000 }), "123,000 (100,000 – 131,000)");
  assert.equal(spread({ median: 0.8123, least: 0.5, most: 1 }), "0.812 (0.5 – 1)");
});
