import assert from "node:assert/strict";
import { contenderRow, timesAsFast } from "./contender.ts";

Deno.test("runs are compared turn by turn", () => {
  const runs = [{ seconds: 2, cpu: {} }, { seconds: 4, cpu: {} }];
  const others = [{ seconds: 4, cpu: {} }, { seconds: 2, cpu: {} }];
  assert.deepEqual(timesAsFast(runs, others), [2, 0.5]);
});

Deno.test("a contender's row has its rate and the CPU time for 100,000, if that was measured", () => {
  const runs = [{ seconds: 2, cpu: { postgres: 1.5 } }, { seconds: 4, cpu: { postgres: 2.5 } }];
  assert.deepEqual(contenderRow("psql", runs, 200_000, "1 ×"), [
    "psql",
    "75,000 (50,000 – 100,000)",
    "1 ×",
    "",
    "1.00",
    "",
  ]);
});
