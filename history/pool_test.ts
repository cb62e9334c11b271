import assert from "node:assert/strict";
import fc from "fast-check";
import { pool } from "./pool.ts";

const never = new AbortController().signal;

Deno.test("each item is worked on once, at most so many at a time, and results are in the items' order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(3)), fc.integer({ min: 1, max: 5 }), async (items, width) => {
      let running = 0;
      let most = 0;
      const results = await pool(items, width, never, async (turns) => {
        most = Math.max(most, ++running);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        running--;
        return turns * 2;
      });
      assert.deepEqual(results, items.map((item) => item * 2));
      assert.ok(most <= width);
    }),
  );
});

Deno.test("after a failure nothing is begun, what has begun is waited for, and the failure is thrown", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await Promise.resolve();
    if (item === 1) throw new Error("broken");
    await new Promise((resolve) => setTimeout(resolve, 1));
    ended.push(item);
  };
  await assert.rejects(pool([0, 1, 2, 3, 4], 2, never, work), { message: "broken" });
  assert.deepEqual([begun, ended], [[0, 1], [0]]);
});

Deno.test("once the signal is aborted nothing is begun, and its reason is thrown", async () => {
  const stop = new AbortController();
  const begun: number[] = [];
  const work = (item: number) => {
    begun.push(item);
    stop.abort(new Error("stopped"));
    return Promise.resolve();
  };
  await assert.rejects(pool([0, 1, 2], 1, stop.signal, work), { message: "stopped" });
  assert.deepEqual(begun, [0]);
});
