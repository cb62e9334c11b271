import assert from "node:assert/strict";
import { listStreams } from "../../shared/list_streams.ts";
import { readTasks, scriptOf, taskArguments } from "./tasks.ts";

const tasks = readTasks();

Deno.test("a task that is missing, runs itself, or is more than one deno run, can't be started", () => {
  const tasks = {
    two: "deno run a.ts && deno run b.ts",
    other: "echo hi",
    quoted: "deno run 'a b.ts'",
    itself: "deno task itself a.ts",
    nowhere: "deno task none a.ts",
  };
  for (const name of ["none", "two", "other", "quoted", "itself"]) {
    assert.throws(
      () => taskArguments(tasks, name),
      new RegExp(`^Error: Cannot start ${name}: deno\\.json must have`),
    );
  }
  assert.throws(() => taskArguments(tasks, "nowhere"), /^Error: Cannot start none/);
});

Deno.test("a task that runs another with more words is that one with these words", () => {
  const tasks = {
    worker: "deno run --allow-net",
    a: "deno task --quiet worker --allow-read=x a.ts",
    b: "deno task a one",
  };
  assert.deepEqual(taskArguments(tasks, "b"), ["run", "--allow-net", "--allow-read=x", "a.ts", "one"]);
  assert.equal(scriptOf(tasks, "b"), "a.ts");
});

Deno.test("a worker's command line is its task's, permissions included", () => {
  const args = taskArguments(tasks, "book:consume");
  assert.equal(args[0], "run");
  assert.equal(args.at(-1), "consumers/book.ts");
  assert.ok(args.includes("--allow-net") && !args.includes("--allow-all"));
});

Deno.test("every stream has the tasks that up starts for it", async () => {
  for (const { message: { name }, feed } of await listStreams()) {
    assert.equal(scriptOf(tasks, `${name}:consume`), `consumers/${name}.ts`);
    if (feed) assert.equal(scriptOf(tasks, `${name}:produce`), `producers/${name}.ts`);
  }
});

Deno.test("the permissions and the heap of workers stand once, and each task has a description", async () => {
  const text = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  assert.equal(text.split("--v8-flags").length - 1, 1);
  for (
    const [name, task] of Object.entries(JSON.parse(text).tasks as Record<string, { description?: string }>)
  ) {
    assert.match(task.description ?? "", /^[A-Z].{10,79}[^.]$/, name);
  }
});
