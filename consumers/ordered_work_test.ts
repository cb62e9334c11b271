import assert from "node:assert/strict";
import { sleep } from "../shared/wait.ts";
import { createOrderedWork } from "./ordered_work.ts";

Deno.test("what follows a failure is not done, and whoever starts more is told of it", async () => {
  const done: number[] = [];
  const failures: unknown[] = [];
  await using ordered = createOrderedWork(2, (error) => failures.push(error));
  await ordered.start(() => Promise.reject(new Error("away")), () => done.push(1));
  await assert.rejects(ordered.start(() => Promise.resolve(), () => done.push(2)), /away/);
  await assert.rejects(ordered.start(() => Promise.resolve(), () => done.push(3)), /away/);
  assert.deepEqual(done, []);
  assert.match(String(failures[0]), /away/);
});

Deno.test("what a failure has overtaken is still waited for at the end", async () => {
  let ended = false;
  {
    await using ordered = createOrderedWork(3, () => {});
    await ordered.start(() => Promise.reject(new Error("away")), () => {});
    await ordered.start(() => sleep(30).then(() => ended = true), () => {});
  }
  assert.equal(ended, true);
});

Deno.test("two are under way at once, and what follows comes in their order", async () => {
  const done: string[] = [];
  let most = 0;
  let open = 0;
  {
    await using ordered = createOrderedWork(2, (error) => assert.fail(String(error)));
    for (const [name, ms] of [["slow", 30], ["quick", 1], ["last", 1]] as const) {
      const work = async () => {
        most = Math.max(most, ++open);
        await sleep(ms);
        open--;
      };
      await ordered.start(work, () => done.push(name));
    }
  }
  assert.equal(most, 2);
  assert.deepEqual(done, ["slow", "quick", "last"]);
});

Deno.test("work of one part at a time starts nothing before what it has is through", async () => {
  const steps: string[] = [];
  await using ordered = createOrderedWork(1, (error) => assert.fail(String(error)));
  for (const name of ["a", "b"]) {
    await ordered.start(
      () => Promise.resolve(steps.push(`${name} begins`)),
      () => steps.push(`${name} ends`),
    );
  }
  assert.deepEqual(steps, ["a begins", "a ends", "b begins", "b ends"]);
});
