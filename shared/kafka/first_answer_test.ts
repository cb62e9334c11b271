import assert from "node:assert/strict";
import { inFastTime } from "../../tests/fast_time.ts";
import { sleep } from "../wait.ts";
import { firstAnswer } from "./first_answer.ts";

/** Who answers after so long, or fails with an error of that name. */
const after = (ms: number, answer: string) => () => sleep(ms).then(() => answer);
const failing = (ms: number, message: string) => () =>
  sleep(ms).then(() => Promise.reject(new Error(message)));

/** The answer, and how long it took. */
const timed = (asks: (() => Promise<string>)[]) =>
  inFastTime(async () => {
    const start = Date.now();
    return [await firstAnswer(asks, 1_000), Date.now() - start];
  });

Deno.test("where all fail, it fails with the last error", async () => {
  await assert.rejects(timed([failing(1, "a"), failing(9, "b")]), { message: "b" });
});

Deno.test("the next one is asked at once where one fails, and after a while where one is silent", async () => {
  assert.deepEqual(await timed([after(10, "a"), after(1, "b")]), ["a", 10]);
  assert.deepEqual(await timed([failing(10, "a"), after(5, "b")]), ["b", 15]);
  assert.deepEqual(await timed([after(1e9, "a"), after(1e9, "b"), after(5, "c")]), ["c", 2_005]);
  assert.deepEqual(await timed([after(1_200, "a"), after(500, "b")]), ["a", 1_200]);
});
