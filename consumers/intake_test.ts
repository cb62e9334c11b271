import assert from "node:assert/strict";
import fc from "fast-check";
import { sleep } from "../shared/wait.ts";
import { createIntake } from "./intake.ts";

const never = () => new AbortController().signal;

/** Whether a promise has settled by now. */
const hasSettled = async (promise: Promise<unknown>) =>
  await Promise.race([promise.then(() => true), sleep(5).then(() => false)]);

Deno.test("a put waits while the queue is full, and goes on when something is taken", async () => {
  const intake = createIntake<string>(10, never());
  await intake.put("a", 10);
  const put = intake.put("b", 1);
  assert.equal(await hasSettled(put), false);
  assert.deepEqual(await intake.take(100), ["a"]);
  await put;
  assert.deepEqual(await intake.take(100), ["b"]);
});

Deno.test("a put that waits is released by clear, and its item is left out", async () => {
  const intake = createIntake<string>(10, never());
  await intake.put("a", 10);
  const put = intake.put("b", 1);
  intake.clear();
  await put;
  assert.equal(intake.bytes, 0);
  await intake.put("c", 1);
  assert.deepEqual(await intake.take(100), ["c"]);
});

Deno.test("a put and a take that wait are released, with nothing, when the signal is aborted", async () => {
  const end = new AbortController();
  const full = createIntake<string>(10, end.signal);
  const empty = createIntake<string>(10, end.signal);
  await full.put("a", 10);
  const waiting = [full.put("b", 1), empty.take(100)];
  end.abort();
  assert.deepEqual(await Promise.all(waiting), [undefined, []]);
  await full.put("c", 1);
  assert.deepEqual(await full.take(100), []);
});

Deno.test("a take that waits throws the failure, and so do later ones", async () => {
  const intake = createIntake<string>(10, never());
  const waiting = intake.take(100);
  intake.fail(new Error("crashed"));
  await assert.rejects(waiting, /crashed/);
  await intake.put("a", 1);
  await assert.rejects(intake.take(100), /crashed/);
});

Deno.test("a put that waits is released when the queue fails: otherwise kafkajs would stay in the group", async () => {
  const intake = createIntake<string>(10, never());
  await intake.put("a", 10);
  const waiting = intake.put("b", 1);
  assert.equal(await hasSettled(waiting), false);
  intake.fail(new Error("crashed"));
  await waiting;
  assert.deepEqual(intake.waiting(), ["a"]);
});

Deno.test("an item larger than the queue is accepted, alone", async () => {
  const intake = createIntake<string>(10, never());
  await intake.put("large", 1_000);
  assert.equal(await hasSettled(intake.put("small", 1)), false);
  assert.deepEqual(await intake.take(10), ["large"]);
});

Deno.test("everything comes out once, in order, and no more bytes wait than the limit and one item", async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), async (
      sizes,
      most,
      limit,
    ) => {
      const intake = createIntake<number>(most, never());
      const putting = (async () => {
        for (const [item, size] of sizes.entries()) {
          await intake.put(item, size);
          assert.ok(intake.bytes < most + 20);
        }
      })();
      const taken: number[] = [];
      while (taken.length < sizes.length) {
        const batch = await intake.take(limit);
        const bytes = batch.reduce((sum, item) => sum + sizes[item], 0);
        assert.ok(batch.length === 1 || bytes <= limit);
        taken.push(...batch);
      }
      await putting;
      assert.deepEqual(taken, sizes.map((_, item) => item));
      assert.equal(intake.bytes, 0);
    }),
  );
});
