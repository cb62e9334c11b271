import assert from "node:assert/strict";
import { createWatchdog } from "./watchdog.ts";

const SILENCE = 30_000;
const STEP = SILENCE / 8;

/** What a watchdog of two streams says in `ms`, in which `a` is silent; `b` is too, unless it `speaks`. */
async function watch(ms: number, { speaks = true, traded = (_now: number): string | undefined => "7" }) {
  let now = 0;
  let looks = 0;
  const look = () => {
    looks++;
    return Promise.resolve(traded(now));
  };
  const dog = createWatchdog(["a", "b"], SILENCE, look, now);
  const said: { at: number; verdict: string; streams: string[] }[] = [];
  for (; now <= ms; now += STEP) {
    if (speaks) dog.heard("b", now);
    const found = await dog.check(now);
    if (found) said.push({ at: now, ...found });
  }
  return { said, looks };
}

Deno.test("a stream that is silent while its symbol trades is subscribed again, and then connected again", async () => {
  const { said } = await watch(2 * SILENCE, { traded: String });
  assert.deepEqual(said[0], { at: SILENCE + STEP, verdict: "resubscribe", streams: ["a"] });
  assert.deepEqual(said[1], { at: 1.5 * SILENCE + STEP, verdict: "reconnect", streams: ["a"] });
});

Deno.test("a stream that is silent while nothing trades is left alone, and looked at more and more seldom", async () => {
  const { said, looks } = await watch(100 * SILENCE, {});
  assert.deepEqual(said, []);
  assert.ok(looks > 2 && looks < 20, `${looks} looks`);
});

Deno.test("where nothing at all comes while symbols trade, it is the connection that is dead", async () => {
  const { said } = await watch(SILENCE + STEP, { speaks: false, traded: String });
  assert.deepEqual(said, [{ at: SILENCE + STEP, verdict: "reconnect", streams: ["a", "b"] }]);
});

Deno.test("where it can't be known whether the symbol trades, a silent stream counts as dead after four times as long", async () => {
  const { said } = await watch(4 * SILENCE + STEP, { traded: () => undefined });
  assert.deepEqual(said, [{ at: 4 * SILENCE + STEP, verdict: "resubscribe", streams: ["a"] }]);
});

Deno.test("where nothing at all comes and the exchange can't be asked, the connection is dead without waiting longer", async () => {
  const { said } = await watch(SILENCE + STEP, { speaks: false, traded: () => undefined });
  assert.deepEqual(said, [{ at: SILENCE + STEP, verdict: "reconnect", streams: ["a", "b"] }]);
});

Deno.test("a look that fails once does not make a quiet stream dead", async () => {
  for (const speaks of [true, false]) {
    for (const failing of [1, 2, 3, 4]) {
      let look = 0;
      const traded = () => ++look === failing ? undefined : "7";
      const { said } = await watch(20 * SILENCE, { speaks, traded });
      assert.deepEqual(said, [], `look ${failing}`);
    }
  }
});

Deno.test("a suspect that speaks while another is looked at is not dead", async () => {
  let now = 0;
  let spoken = false;
  const look = (stream: string) => {
    if (stream === "c" && now > SILENCE) {
      spoken = true;
      dog.heard("a", now);
    }
    return Promise.resolve(stream === "a" ? String(now) : "7");
  };
  const dog = createWatchdog(["c", "a", "b"], SILENCE, look, now);
  const dead: string[] = [];
  for (; now <= SILENCE + 2 * STEP; now += STEP) {
    dog.heard("b", now);
    if (now === STEP) dog.heard("c", now); // so that it is looked at when `a` is a suspect already
    dead.push(...(await dog.check(now))?.streams ?? []);
  }
  assert.ok(spoken);
  assert.deepEqual(dead, []);
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

Deno.test("many quiet streams do not keep the watchdog from the one that is dead", async () => {
  const quiet = Array.from({ length: 50 }, (_, i) => `quiet${i}`);
  let now = 0;
  const look = (stream: string) => Promise.resolve(stream === "dead" ? String(now) : "7");
  const dog = createWatchdog([...quiet, "dead", "b"], SILENCE, look, now);
  const dead: string[] = [];
  for (; now <= 3 * SILENCE; now += STEP) {
    dog.heard("b", now);
    dead.push(...(await dog.check(now))?.streams ?? []);
  }
  assert.equal(dead[0], "dead");
});

Deno.test("a stream that speaks while it is looked into is not dead", async () => {
  let now = 0;
  const look = () => {
    if (now === SILENCE) dog.heard("a", now);
    return Promise.resolve(String(now));
  };
  const dog = createWatchdog(["a"], SILENCE, look, now);
  now = SILENCE / 2;
  await dog.check(now);
  now = SILENCE;
  assert.equal(await dog.check(now), undefined);
});

Deno.test("a market that wakes just before the check is not taken for a dead stream: its frame is on its way", async () => {
  const wakesAt = SILENCE - STEP / 2;
  let now = 0;
  const dog = createWatchdog(["a", "b"], SILENCE, () => Promise.resolve(String(now >= wakesAt)), now);
  for (; now <= 2 * SILENCE; now += STEP) {
    dog.heard("b", now);
    if (now > SILENCE) dog.heard("a", now);
    assert.equal(await dog.check(now), undefined);
  }
});
