import assert from "node:assert/strict";
import { createConnectionWatchdog } from "./connection_watchdog.ts";

const SILENCE = 30_000;
const STEP = SILENCE / 8;

/** What is said in `ms` of a connection that is silent, and answers requests while it `isAlive`. */
async function watch(ms: number, isAlive: (now: number) => boolean, speaks = (_now: number) => false) {
  const dog = createConnectionWatchdog(["a", "b"], SILENCE, 0);
  const said: { at: number; verdict: string; feeds: readonly string[] }[] = [];
  for (let now = STEP; now <= ms; now += STEP) {
    if (speaks(now)) dog.heard("b", now);
    if (isAlive(now)) dog.answered(now);
    const found = await dog.check(now);
    if (found) said.push({ at: now, ...found });
  }
  return said;
}

Deno.test("a connection that neither speaks nor answers is dead with all of its feeds", async () => {
  const said = await watch(SILENCE, () => false);
  assert.deepEqual(said, [{ at: SILENCE, verdict: "reconnect", feeds: ["a", "b"] }]);
});

Deno.test("a connection that answers is never dead, however long its feeds are silent", async () => {
  assert.deepEqual(await watch(100 * SILENCE, () => true), []);
});

Deno.test("one that answers no longer is dead after the limit, counted from its last answer", async () => {
  const [{ at }] = await watch(10 * SILENCE, (now) => now <= 5 * SILENCE);
  assert.equal(at, 6 * SILENCE);
});

Deno.test("one feed that speaks is enough", async () => {
  assert.deepEqual(await watch(20 * SILENCE, () => false, () => true), []);
});

Deno.test("a new connection has the whole limit before it", async () => {
  const dog = createConnectionWatchdog(["a"], SILENCE, 0);
  dog.reset(SILENCE);
  assert.equal(await dog.check(1.4 * SILENCE), undefined);
  assert.equal((await dog.check(2 * SILENCE))?.verdict, "reconnect");
});
