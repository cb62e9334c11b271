import assert from "node:assert/strict";
import { layOut } from "./table.ts";

Deno.test("a null is an empty cell, and a text of several lines stays on one", () => {
  const columns = [{ name: "a", isNumber: false }, { name: "b", isNumber: false }];
  assert.equal(layOut(columns, [[null, "1\n2"]]), "a  b\n─  ───\n   1↵2");
});

Deno.test("columns are as wide as their widest cell, and numbers stand at the right", () => {
  const columns = [{ name: "symbol", isNumber: false }, { name: "n", isNumber: true }];
  assert.equal(
    layOut(columns, [["BTCUSDT", "9.5"], ["X", "10.25"]]),
    ["symbol       n", "───────  ─────", "BTCUSDT    9.5", "X        10.25"].join("\n"),
  );
});

Deno.test("a result without rows has its columns' names", () => {
  assert.equal(layOut([{ name: "symbol", isNumber: false }], []), "symbol\n──────");
});
