import assert from "node:assert/strict";
import { createConnectionWatchdog } from "./connection_watchdog.ts";

const SILENCE = 30_000;
const STEP = SILENCE / 8;

/** What is said in `ms` of a connection that is silent, and answers a request if it `isAlive`. */
async function watch(ms: number, isAlive: (now: number) => boolean, speaks = (_now: number) => false) {
  const dog = createConnectionWatchdog(["a", "b"], SILENCE, 0);
  const said: { at: number; verdict: string; feeds: readonly string[] }[] = [];
  for (let now = STEP; now <= ms; now += STEP) {
    if (speaks(now)) dog.heard("b", now);
    const found = await dog.check(now);
    if (!found) continue;
    if (found.verdict === "ask" && isAlive(now)) dog.answered(now);
    said.push({ at: now, ...found });
  }
  return said;
}

Deno.test("a connection that neither speaks nor answers is dead with all of its feeds", async () => {
  const said = await watch(SILENCE, () => false);
  assert.deepEqual(said.filter(({ verdict }) => verdict !== "ask"), [
    { at: SILENCE, verdict: "reconnect", feeds: ["a", "b"] },
  ]);
  assert.equal(said[0].at, SILENCE / 2);
});

Deno.test("a connection that answers is never dead, however long its feeds are silent", async () => {
  const said = await watch(100 * SILENCE, () => true);
  assert.deepEqual(new Set(said.map(({ verdict }) => verdict)), new Set(["ask"]));
});

Deno.test("one that answers no longer is dead after the limit, counted from its last answer", async () => {
  const said = await watch(10 * SILENCE, (now) => now < 5 * SILENCE);
  const { at } = said.find(({ verdict }) => verdict === "reconnect")!;
  const last = said.findLast(({ verdict, at }) => verdict === "ask" && at < 5 * SILENCE)!.at;
  assert.equal(at - last, SILENCE);
});

Deno.test("one feed that speaks is enough, and nothing is asked", async () => {
  assert.deepEqual(await watch(20 * SILENCE, () => false, () => true), []);
});

Deno.test("a new connection has the whole limit before it", async () => {
  const dog = createConnectionWatchdog(["a"], SILENCE, 0);
  dog.reset(SILENCE);
  assert.equal(await dog.check(1.4 * SILENCE), undefined);
  assert.equal((await dog.check(2 * SILENCE))?.verdict, "reconnect");
});
