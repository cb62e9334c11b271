import assert from "node:assert/strict";
import { readOptions } from "./options.ts";

Deno.test("lists of faults are played one at a time", () => {
  assert.throws(() => readOptions(["--cluster", "--repair"]), /Cannot use --repair with --cluster/);
  assert.equal(readOptions(["--repair"]).repair, true);
  assert.equal(readOptions([]).repair, false);
});
