import assert from "node:assert/strict";
import { createWatchdog } from "./watchdog.ts";

const SILENCE = 30_000;
const STEP = SILENCE / 8;

/** What a watchdog of two streams says in `ms`, in which `a` is silent; `b` is too, unless it `speaks`. */
async function watch(ms: number, { speaks = true, traded = (_now: number): string | undefined => "7" }) {
  let now = 0;
  const dog = createWatchdog(["a", "b"], SILENCE, () => Promise.resolve(traded(now)), now);
  const said: { at: number; verdict: string; streams: string[] }[] = [];
  for (; now <= ms; now += STEP) {
    if (speaks) dog.heard("b", now);
    const found = await dog.check(now);
    if (found) said.push({ at: now, ...found });
  }
  return { said };
}

Deno.test("a stream that is silent while its symbol trades is subscribed again, and then connected again", async () => {
  const { said } = await watch(2 * SILENCE, { traded: String });
  assert.deepEqual(said[0], { at: SILENCE, verdict: "resubscribe", streams: ["a"] });
  assert.deepEqual(said[1], { at: 1.5 * SILENCE, verdict: "reconnect", streams: ["a"] });
});

Deno.test("a stream that is silent while nothing trades is left alone", async () => {
  const { said } = await watch(100 * SILENCE, {});
  assert.deepEqual(said, []);
});

Deno.test("where nothing at all comes while symbols trade, it is the connection that is dead", async () => {
  const { said } = await watch(SILENCE, { speaks: false, traded: String });
  assert.deepEqual(said, [{ at: SILENCE, verdict: "reconnect", streams: ["a", "b"] }]);
});

Deno.test("where it can't be known whether the symbol trades, a silent stream counts as dead", async () => {
  const { said } = await watch(SILENCE, { traded: () => undefined });
  assert.deepEqual(said, [{ at: SILENCE, verdict: "resubscribe", streams: ["a"] }]);
});

Deno.test("a stream that speaks again is watched as before", async () => {
  const dog = createWatchdog(["a", "b"], SILENCE, () => Promise.resolve(String(Math.random())), 0);
  for (const now of [SILENCE / 2, SILENCE]) {
    dog.heard("b", now);
    await dog.check(now);
  }
  dog.heard("a", SILENCE);
  dog.heard("b", 1.4 * SILENCE);
  assert.equal(await dog.check(1.4 * SILENCE), undefined);
});
