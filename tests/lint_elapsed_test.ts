import assert from "node:assert/strict";
import plugin from "./lint_elapsed.ts";

const faultsIn = (source: string, file = "producers/x.ts") =>
  Deno.lint.runPlugin(plugin, file, source).map(({ range: [from, to] }) => source.slice(from, to));

Deno.test("elapsed time by the wall clock is refused, whatever variable or property has the time", () => {
  assert.deepEqual(faultsIn("const start = 1; f(Date.now() - start);"), ["Date.now() - start"]);
  assert.deepEqual(faultsIn("const now = Date.now(); f(now - before);"), ["now - before"]);
  assert.deepEqual(faultsIn("f = () => now() > limit; limit = Date.now() + WAIT;"), ["now() > limit"]);
  assert.deepEqual(faultsIn("const state = { since: Date.now() }; f(at - state.since);"), [
    "at - state.since",
  ]);
  assert.deepEqual(faultsIn("while (Date.now() < end) f();"), ["Date.now() < end"]);
});

Deno.test("a wall-clock time, one a fixed time before it, and the monotonic clock are not refused", () => {
  for (
    const source of [
      "f({ receivedAt: Date.now() });",
      "const yesterday = Date.now() - DAY_MS; f(Date.now() - 24 * 3_600_000);",
      "const start = performance.now(); f(performance.now() - start);",
    ]
  ) assert.deepEqual(faultsIn(source), []);
});

Deno.test("tests compare rows with the clock", () => {
  for (const file of ["producers/x_test.ts", "/home/me/bookline/tests/x.ts"]) {
    assert.deepEqual(faultsIn("f(Date.now() - start);", file), []);
  }
});
