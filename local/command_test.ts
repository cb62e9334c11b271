import assert from "node:assert/strict";
import { run } from "./command.ts";

Deno.test("a command's lines are passed on as they come, and returned at the end", async () => {
  const lines: string[] = [];
  const printed = await run("sh", ["-c", "read line; echo got $line; echo end >&2"], {
    input: "in\n",
    onLine: (line) => lines.push(line),
  });
  assert.deepEqual(lines.toSorted(), ["end", "got in"]);
  assert.equal(printed, lines.join("\n"));
});

Deno.test("the error of a command that fails has its exit code and last lines", async () => {
  await assert.rejects(
    run("sh", ["-c", "echo first; echo why >&2; exit 3"]),
    /sh -c failed \(code 3\):\n[^]*why/,
  );
});

Deno.test("a command that is stopped throws the reason at once", async () => {
  const reason = new Error("Ctrl-C");
  const stop = new AbortController();
  const running = run("sleep", ["10"], { signal: stop.signal });
  setTimeout(() => stop.abort(reason), 50);
  await assert.rejects(running, reason);
  await assert.rejects(run("sleep", ["10"], { signal: stop.signal }), reason);
});
