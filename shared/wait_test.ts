import process from "node:process";
import assert from "node:assert/strict";
import fc from "fast-check";
import { backoff, createCondition, sleep } from "./wait.ts";

Deno.test("a wait whose signal is aborted, before or meanwhile, ends at once and does not throw", async () => {
  const start = performance.now();
  await sleep(60_000, AbortSignal.abort());
  const stop = new AbortController();
  const waiting = sleep(60_000, stop.signal);
  stop.abort(new Error("enough"));
  await waiting;
  assert.ok(performance.now() - start < 50_000);
});

Deno.test("a wait lasts as long as it was asked to", async () => {
  const start = performance.now();
  await sleep(30, new AbortController().signal);
  assert.ok(performance.now() - start >= 29);
});

Deno.test("a pause doubles with each attempt up to its limit, less up to half of it", () => {
  const ms = fc.integer({ min: 1, max: 60_000 });
  fc.assert(fc.property(fc.nat(10_000), ms, ms, (attempt, least, most) => {
    const full = Math.min(most, least * 2 ** attempt);
    const pause = backoff(attempt, least, most);
    assert.ok(pause > full / 2 && pause <= full, `${pause} of ${full}`);
  }));
});

Deno.test("workers that failed together come back at different times, each within half a minute", () => {
  assert.ok(new Set(Array.from({ length: 100 }, () => backoff(3))).size > 90);
  assert.ok(backoff(1e6) <= 30_000);
});

Deno.test("a wait of a negative time ends at once, without a warning of the runtime", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => void warnings.push(warning);
  process.on("warning", warn);
  await sleep(-5);
  await sleep(10);
  process.off("warning", warn);
  assert.deepEqual(warnings, []);
});

Deno.test("a condition wakes all who wait, once, and nobody who comes later", async () => {
  const condition = createCondition();
  const { signal } = new AbortController();
  const woken: string[] = [];
  const wait = (name: string) => condition.wait(signal).then(() => woken.push(name));
  const first = [wait("a"), wait("b")];
  condition.notifyAll();
  const later = wait("c");
  await Promise.all(first);
  assert.deepEqual(woken, ["a", "b"]);
  condition.notifyAll();
  await later;
  assert.deepEqual(woken, ["a", "b", "c"]);
});

Deno.test("a wait for a condition ends where its signal is aborted, before or meanwhile", async () => {
  const condition = createCondition();
  await condition.wait(AbortSignal.abort());
  const stop = new AbortController();
  const waiting = condition.wait(stop.signal);
  stop.abort();
  await waiting;
});
