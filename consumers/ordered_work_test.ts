import assert from "node:assert/strict";
import { sleep } from "../shared/wait.ts";
import { createOrderedWork } from "./ordered_work.ts";

Deno.test("after a failure no `after` is called, and the next start throws it", async () => {
  const done: number[] = [];
  const failures: unknown[] = [];
  await using ordered = createOrderedWork(2, (error) => failures.push(error));
  await ordered.start(() => Promise.reject(new Error("away")), () => done.push(1));
  await assert.rejects(ordered.start(() => Promise.resolve(), () => done.push(2)), /away/);
  await assert.rejects(ordered.start(() => Promise.resolve(), () => done.push(3)), /away/);
  assert.deepEqual(done, []);
  assert.match(String(failures[0]), /away/);
});

Deno.test("disposing waits for work that started before one that failed", async () => {
  let ended = false;
  {
    await using ordered = createOrderedWork(3, () => {});
    await ordered.start(() => Promise.reject(new Error("away")), () => {});
    await ordered.start(() => sleep(30).then(() => ended = true), () => {});
  }
  assert.equal(ended, true);
});

Deno.test("two pieces of work run at the same time, and each `after` is called in the order of their start", async () => {
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

Deno.test("with a width of 1, nothing starts before the work before it has ended", async () => {
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
