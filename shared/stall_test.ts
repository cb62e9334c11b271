import assert from "node:assert/strict";
import { inFastTime } from "../tests/fast_time.ts";
import { createLog } from "./log.ts";
import { runUnstalled, watchForStall } from "./stall.ts";
import { sleep } from "./wait.ts";

/** Watches a work for some minutes; returns what was logged, when it was restarted and when it was given up, in s. */
function watch(
  minutes: number,
  { done = () => 0, waiting }: {
    done?: (s: number, renewals: number) => number;
    waiting: (s: number) => number;
  },
) {
  return inFastTime(async () => {
    const start = performance.now();
    const now = () => (performance.now() - start) / 1_000;
    const lines: string[] = [];
    const renewals: number[] = [];
    const stop = new AbortController();
    const watching = watchForStall(
      {
        name: "the work",
        done: () => done(now(), renewals.length),
        waiting: () => Promise.resolve(now()).then(waiting),
        renew: () => void renewals.push(now()),
      },
      stop.signal,
      createLog("w", "info", (line) => lines.push(line)),
    ).then(() => undefined, (error) => ({ at: now(), message: error.message }));
    const gaveUp = await Promise.race([watching, sleep(minutes * 60_000)]);
    stop.abort();
    return { lines, renewals, gaveUp };
  });
}

/** The servers do not answer. */
const away = (): never => {
  throw new Error("refused");
};

Deno.test("work without progress for two minutes is restarted, and fails after two more", async () => {
  const { lines, renewals, gaveUp } = await watch(10, { waiting: () => 7 });
  assert.deepEqual(renewals, [120]);
  assert.match(
    lines[0],
    /error w: the work makes no progress: 7 messages wait, .* for 120 s\. Restarting it with new connections$/,
  );
  assert.equal(gaveUp?.at, 240);
  assert.match(gaveUp!.message, /even after a restart of its connections$/);
});

Deno.test("while servers are away nothing is restarted, and the two minutes begin when they are back", async () => {
  assert.deepEqual((await watch(600, { waiting: away })).renewals, []);
  const back = await watch(200, { waiting: (s) => s < 3_600 ? away() : 1 });
  assert.ok(back.renewals[0] >= 3_700 && back.renewals[0] <= 3_720, `after ${back.renewals[0]} s`);
});

Deno.test("work that makes progress, or has nothing to do, is not restarted", async () => {
  assert.deepEqual((await watch(600, { waiting: () => 0 })).renewals, []);
  // Some message gets done every minute and a half.
  const slow = await watch(600, { waiting: () => 1e6, done: (s) => Math.floor(s / 90) });
  assert.deepEqual(slow.renewals, []);
});

Deno.test("work that makes progress after a restart does not fail, and is restarted at its next stall", async () => {
  // After each beginning it gets on for a while.
  const { renewals, gaveUp } = await watch(60, { waiting: () => 1, done: (_, renewals) => renewals });
  assert.equal(gaveUp, undefined);
  assert.ok(renewals.length > 20, `${renewals.length} times`);
});

/** Runs a work of which nothing gets done, with `run` for each beginning; returns when each began, in s, and how it ended. */
function runStalled(run: (signal: AbortSignal, beginnings: number) => Promise<void>) {
  return inFastTime(async () => {
    const start = performance.now();
    const beginnings: number[] = [];
    const stop = new AbortController();
    const ended = runUnstalled(
      { name: "the work", done: () => 0, waiting: () => Promise.resolve(1) },
      (signal) => {
        beginnings.push((performance.now() - start) / 1_000);
        return run(signal, beginnings.length);
      },
      stop.signal,
      createLog("w", "info", () => {}),
    );
    return { beginnings, error: await ended.then(() => undefined, (error: Error) => error.message) };
  });
}

Deno.test("a stalled run is aborted, and another one begins, even if the first does not end", async () => {
  const orderly = await runStalled((signal) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve()))
  );
  assert.deepEqual(orderly.beginnings, [0, 120]);
  assert.match(orderly.error!, /even after a restart/);
  const hanging = await runStalled(() => new Promise(() => {}));
  assert.deepEqual(hanging.beginnings, [0, 130]);
  assert.match(hanging.error!, /even after a restart/);
});

Deno.test("a run that ends by itself, or fails, is not restarted", async () => {
  assert.deepEqual(await runStalled(() => Promise.resolve()), { beginnings: [0], error: undefined });
  const failing = () => Promise.reject(new Error("the schema is old"));
  assert.deepEqual(await runStalled(failing), { beginnings: [0], error: "the schema is old" });
});
