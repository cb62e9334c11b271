import assert from "node:assert/strict";
import { cpuOf, family, memoryOf, parseStat } from "./process.ts";

Deno.test("a line of the process table is read, whatever the process is called", () => {
  const line = "42 (a (b) c) S 7 42 42 0 -1 4194304 10 20 0 0 150 50 25 75 20 0 3 0 1000 1 2";
  assert.deepEqual(parseStat(line), { pid: 42, parent: 7, cpu: 3 });
});

Deno.test("a family is a process with its children and their children", () => {
  const all = [[1, 0], [2, 1], [3, 2], [4, 1], [5, 9]].map(([pid, parent]) => ({ pid, parent, cpu: 0 }));
  assert.deepEqual(family(1, all).map(({ pid }) => pid), [1, 2, 3, 4]);
});

Deno.test({
  name: "this very process has taken CPU time and memory",
  ignore: Deno.build.os !== "linux",
  async fn() {
    assert.ok(await cpuOf(Deno.pid) > 0);
    const { now, highest } = await memoryOf(Deno.pid);
    assert.ok(now > 10 && highest >= now);
  },
});
