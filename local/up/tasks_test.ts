import assert from "node:assert/strict";
import { listStreams } from "../../shared/list_streams.ts";
import { readTasks, taskArguments } from "./tasks.ts";

Deno.test("a task that is missing, or is more than one deno run, can't be started", () => {
  const tasks = { two: "deno run a.ts && deno run b.ts", other: "echo hi", quoted: "deno run 'a b.ts'" };
  for (const name of ["none", "two", "other", "quoted"]) {
    assert.throws(
      () => taskArguments(tasks, name),
      new RegExp(`^Error: Cannot start ${name}: deno\\.json must have`),
    );
  }
});

Deno.test("a worker's command line is its task's, permissions included", async () => {
  const args = taskArguments(await readTasks(), "book:consume");
  assert.equal(args[0], "run");
  assert.equal(args.at(-1), "consumers/book.ts");
  assert.ok(args.includes("--allow-net") && !args.includes("--allow-all"));
});

Deno.test("every stream has the tasks that up starts for it", async () => {
  const tasks = await readTasks();
  for (const { message: { name }, feed } of await listStreams()) {
    taskArguments(tasks, `${name}:consume`);
    if (feed) taskArguments(tasks, `${name}:produce`);
  }
});
