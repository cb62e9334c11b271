import assert from "node:assert/strict";
import fc from "fast-check";
import { silent } from "../tests/silent.ts";
import { inFastTime } from "../tests/fast_time.ts";
import { sleep } from "../shared/wait.ts";
import { createReadEnds, tellReadEnds } from "./read_ends.ts";

const answer = (from: number, end: number, at: number) => ({ partition: 0, partitions: 1, from, end, at });
const reached = (at: number) => [{ partition: 0, partitions: 1, at }];
const stored = (nextOffset: number) => ({ partition: 0, nextOffset: String(nextOffset) });

Deno.test("a partition is not read to its end while a message that was handed over is not stored", () => {
  const ends = createReadEnds();
  ends.fetched(answer(5, 8, 1));
  ends.handedOver(0, 8);
  ends.fetched(answer(8, 8, 2));
  assert.deepEqual(ends.take(), []);
  ends.stored(stored(7));
  assert.deepEqual(ends.take(), []);
  ends.stored(stored(8));
  assert.deepEqual(ends.take(), reached(2));
  assert.deepEqual(ends.take(), []);
});

Deno.test("what was handed over and then given up is not counted as stored", () => {
  const ends = createReadEnds();
  ends.fetched(answer(5, 8, 1));
  ends.handedOver(0, 8);
  ends.clear();
  ends.stored(stored(8));
  ends.fetched(answer(5, 8, 2));
  assert.deepEqual(ends.take(), []);
});

Deno.test("an empty partition is read to its end at once, and so is one whose last messages were deleted", () => {
  const ends = createReadEnds();
  ends.fetched(answer(0, 0, 1));
  assert.deepEqual(ends.take(), reached(1));
  ends.fetched(answer(0, 3, 2));
  ends.fetched(answer(3, 3, 3));
  assert.deepEqual(ends.take(), reached(3));
});

Deno.test("under a steady flow, in which the newest end is always ahead, an earlier one is reached again and again", () => {
  const ends = createReadEnds();
  for (let n = 0; n < 10; n++) {
    ends.fetched(answer(n, n + 1, n));
    ends.handedOver(0, n + 1);
    ends.stored(stored(n));
    if (n > 1) assert.deepEqual(ends.take(), reached(n - 1), `${n}`);
  }
});

Deno.test("an end is reached only when all before it is stored, in whatever order ends, batches and rows come", () => {
  const step = fc.oneof(fc.constant("grow"), fc.constant("fetch"), fc.constant("store"), fc.constant("join"));
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const ends = createReadEnds();
    let [end, handed, isStored] = [0, 0, 0];
    const ended = new Map<number, number>();
    for (const [at, what] of steps.entries()) {
      if (what === "grow") end += 2;
      if (what === "fetch") {
        ended.set(at, end);
        ends.fetched(answer(handed, end, at));
        if (handed < end) ends.handedOver(0, handed = Math.min(end, handed + 3));
      }
      if (what === "store" && isStored < handed) ends.stored(stored(++isStored));
      if (what === "join") {
        ends.clear();
        handed = isStored;
      }
      for (const one of ends.take()) assert.ok(ended.get(one.at)! <= isStored);
    }
  }));
});

Deno.test("a sink that fails is told again a second later, how long ago an end was", async () => {
  const told = await inFastTime(async () => {
    const told: string[] = [];
    let calls = 0;
    const ends = { take: () => [{ partition: 1, partitions: 4, at: performance.now() - 300 }] };
    const readToEnd = (partition: number, partitions: number, agoMs: number) => {
      if (++calls === 1) return Promise.reject(new Error("away"));
      told.push(`${partition} of ${partitions}, ${Math.round(agoMs)} ms ago`);
      return Promise.resolve();
    };
    await using _telling = tellReadEnds(ends, { readToEnd }, silent);
    await sleep(1_500);
    return told;
  });
  assert.deepEqual(told, ["1 of 4, 300 ms ago"]);
});
