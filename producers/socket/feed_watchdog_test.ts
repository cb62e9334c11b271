import assert from "node:assert/strict";
import { createFeedWatchdog } from "./feed_watchdog.ts";

const SILENCE = 30_000;
const STEP = SILENCE / 8;

/**
 * What a watchdog of two feeds says in `ms`, in which `a` is silent; `b` is too, unless it `speaks`. Of what is asked on the connection
 * the answer comes `behind` ms later.
 */
async function watch(
  ms: number,
  { speaks = true, behind = 1, traded = (_now: number): string | undefined => "7" },
) {
  let now = 0;
  let looks = 0;
  const look = () => {
    looks++;
    return Promise.resolve(traded(now));
  };
  const dog = createFeedWatchdog(["a", "b"], SILENCE, look, now);
  const said: { at: number; verdict: string; feeds: readonly string[] }[] = [];
  for (; now <= ms; now += STEP) {
    if (speaks) dog.heard("b", now);
    dog.caughtUp(now - behind);
    const found = await dog.check(now);
    if (found) said.push({ at: now, ...found });
  }
  return { said, looks };
}

Deno.test("a feed that is silent while its symbol trades is subscribed again, and then connected again", async () => {
  const { said } = await watch(2 * SILENCE, { traded: String });
  assert.deepEqual(said[0], { at: SILENCE + STEP, verdict: "resubscribe", feeds: ["a"] });
  assert.deepEqual(said[1], { at: 1.5 * SILENCE + STEP, verdict: "reconnect", feeds: ["a"] });
});

Deno.test("a feed on a connection that lags is not dead until all has come that was on its way, or no answer comes", async () => {
  const soon = await watch(SILENCE + 3 * STEP, { traded: String, behind: 2.5 * STEP });
  assert.deepEqual(soon.said, [{ at: SILENCE + 3 * STEP, verdict: "resubscribe", feeds: ["a"] }]);
  const never = await watch(2 * SILENCE, { traded: String, behind: Infinity });
  assert.deepEqual(never.said, [{ at: 2 * SILENCE, verdict: "resubscribe", feeds: ["a"] }]);
});

Deno.test("an answer is needed only while a feed may be dead", async () => {
  let now = 0;
  const dog = createFeedWatchdog(["a", "b"], SILENCE, () => Promise.resolve(String(now)), now);
  const asked: number[] = [];
  for (; now <= SILENCE + 2 * STEP; now += STEP) {
    dog.heard("b", now);
    if (now > SILENCE + STEP) dog.heard("a", now);
    await dog.check(now);
    if (dog.isSuspicious) asked.push(now);
  }
  assert.deepEqual(asked, [SILENCE, SILENCE + STEP]);
});

Deno.test("a feed that is silent while nothing trades is left alone, and looked at more and more seldom", async () => {
  const { said, looks } = await watch(100 * SILENCE, {});
  assert.deepEqual(said, []);
  assert.ok(looks > 2 && looks < 20, `${looks} looks`);
});

Deno.test("where nothing at all comes while symbols trade, it is the connection that is dead", async () => {
  const { said } = await watch(SILENCE + STEP, { speaks: false, traded: String });
  assert.deepEqual(said, [{ at: SILENCE + STEP, verdict: "reconnect", feeds: ["a", "b"] }]);
});

Deno.test("where it can't be known whether the symbol trades, a silent feed counts as dead after four times as long", async () => {
  const { said } = await watch(4 * SILENCE + STEP, { traded: () => undefined });
  assert.deepEqual(said, [{ at: 4 * SILENCE + STEP, verdict: "resubscribe", feeds: ["a"] }]);
});

Deno.test("where nothing at all comes and the exchange can't be asked, the connection is dead without waiting longer", async () => {
  const { said } = await watch(SILENCE + STEP, { speaks: false, traded: () => undefined });
  assert.deepEqual(said, [{ at: SILENCE + STEP, verdict: "reconnect", feeds: ["a", "b"] }]);
});

Deno.test("a look that fails once does not make a quiet feed dead", async () => {
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
  const look = (feed: string) => {
    if (feed === "c" && now > SILENCE) {
      spoken = true;
      dog.heard("a", now);
    }
    return Promise.resolve(feed === "a" ? String(now) : "7");
  };
  const dog = createFeedWatchdog(["c", "a", "b"], SILENCE, look, now);
  const dead: string[] = [];
  for (; now <= SILENCE + 2 * STEP; now += STEP) {
    dog.heard("b", now);
    dog.caughtUp(now);
    if (now === STEP) dog.heard("c", now); // so that it is looked at when `a` is a suspect already
    dead.push(...(await dog.check(now))?.feeds ?? []);
  }
  assert.ok(spoken);
  assert.deepEqual(dead, []);
});

Deno.test("a feed that speaks again is watched as before", async () => {
  const dog = createFeedWatchdog(["a", "b"], SILENCE, () => Promise.resolve(String(Math.random())), 0);
  for (const now of [SILENCE / 2, SILENCE]) {
    dog.heard("b", now);
    await dog.check(now);
  }
  dog.heard("a", SILENCE);
  dog.heard("b", 1.4 * SILENCE);
  assert.equal(await dog.check(1.4 * SILENCE), undefined);
});

Deno.test("many quiet feeds do not keep the watchdog from the one that is dead", async () => {
  const quiet = Array.from({ length: 50 }, (_, i) => `quiet${i}`);
  let now = 0;
  const look = (feed: string) => Promise.resolve(feed === "dead" ? String(now) : "7");
  const dog = createFeedWatchdog([...quiet, "dead", "b"], SILENCE, look, now);
  const dead: string[] = [];
  for (; now <= 3 * SILENCE; now += STEP) {
    dog.heard("b", now);
    dog.caughtUp(now);
    dead.push(...(await dog.check(now))?.feeds ?? []);
  }
  assert.equal(dead[0], "dead");
});

Deno.test("a feed that speaks while it is looked into is not dead", async () => {
  let now = 0;
  const look = () => {
    if (now === SILENCE) dog.heard("a", now);
    return Promise.resolve(String(now));
  };
  const dog = createFeedWatchdog(["a"], SILENCE, look, now);
  now = SILENCE / 2;
  await dog.check(now);
  now = SILENCE;
  assert.equal(await dog.check(now), undefined);
});

Deno.test("a market that wakes just before the check is not taken for a dead feed: its frame is on its way", async () => {
  const wakesAt = SILENCE - STEP / 2;
  let now = 0;
  const dog = createFeedWatchdog(["a", "b"], SILENCE, () => Promise.resolve(String(now >= wakesAt)), now);
  for (; now <= 2 * SILENCE; now += STEP) {
    dog.heard("b", now);
    dog.caughtUp(now);
    if (now > SILENCE) dog.heard("a", now);
    assert.equal(await dog.check(now), undefined);
  }
});

/** What a watchdog that has no look says in `ms` of `a`, which is silent, and of `b`. */
async function watchStrictly(ms: number, speaks: boolean) {
  const dog = createFeedWatchdog(["a", "b"], SILENCE, undefined, 0);
  const said: { at: number; verdict: string; feeds: readonly string[] }[] = [];
  for (let now = 0; now <= ms; now += STEP) {
    if (speaks) dog.heard("b", now);
    const found = await dog.check(now);
    if (found) said.push({ at: now, ...found });
  }
  return said;
}

Deno.test("without a look, a feed that is silent past the limit is dead: it is subscribed again, then connected again", async () => {
  const said = await watchStrictly(1.5 * SILENCE, true);
  assert.deepEqual(said, [
    { at: SILENCE, verdict: "resubscribe", feeds: ["a"] },
    { at: 1.5 * SILENCE, verdict: "reconnect", feeds: ["a"] },
  ]);
});

Deno.test("without a look, a connection on which nothing comes is dead at the limit", async () => {
  assert.deepEqual(await watchStrictly(SILENCE, false), [
    { at: SILENCE, verdict: "reconnect", feeds: ["a", "b"] },
  ]);
});

Deno.test("without a look, all of many feeds that are silent are dead at the limit", async () => {
  const many = Array.from({ length: 50 }, (_, i) => `dead${i}`);
  const dog = createFeedWatchdog([...many, "b"], SILENCE, undefined, 0);
  dog.heard("b", SILENCE);
  assert.deepEqual(await dog.check(SILENCE), { verdict: "resubscribe", feeds: many });
});

Deno.test("a feed that speaks on a new connection after it was dead on the old one is allowed no longer silence", async () => {
  const dog = createFeedWatchdog(["a", "b"], SILENCE, undefined, 0);
  for (const now of [SILENCE, 1.5 * SILENCE]) {
    dog.heard("b", now);
    await dog.check(now);
  }
  dog.reset(2 * SILENCE);
  for (const feed of ["a", "b"]) dog.heard(feed, 2.1 * SILENCE);
  dog.heard("b", 3.1 * SILENCE);
  assert.deepEqual(await dog.check(3.1 * SILENCE), { verdict: "resubscribe", feeds: ["a"] });
});
