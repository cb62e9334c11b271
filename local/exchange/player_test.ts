import assert from "node:assert/strict";
import { sleep } from "../../shared/wait.ts";
import { until } from "../../tests/until.ts";
import type { MarketEvent } from "./event.ts";
import { createPlayer, type Pace } from "./player.ts";

function* everyMs(count: number): Generator<MarketEvent> {
  for (let i = 0; i < count; i++) yield { stream: "a@trade", time: 1_000 + i, head: String(i) };
}

/** A player that notes what it plays. */
function playerOf(
  pace: Pace,
  open: () => Iterable<MarketEvent> = () => everyMs(100_000),
  keepsUp = () => true,
) {
  const heads: string[] = [];
  let flushes = 0;
  const player = createPlayer(open, pace, {
    deliver: ({ head }) => heads.push(head),
    flush: () => flushes++,
    keepsUp,
  });
  return { player, heads, flushes: () => flushes };
}

Deno.test("a source that fails makes `finished` fail", async () => {
  await using player = playerOf("max", () => {
    throw new Error("no such file");
  }).player;
  player.start();
  await assert.rejects(player.finished, /no such file/);
});

Deno.test("nothing is played before the start or while it is paused, and a pause is not made up for", async () => {
  const { player, heads } = playerOf({ rate: 10_000 });
  await using _ = player;
  await sleep(20);
  assert.equal(heads.length, 0);
  player.start();
  await until("something to be played", () => heads.length > 0);
  player.pause();
  const played = heads.length;
  await sleep(500);
  assert.equal(heads.length, played);
  const start = performance.now();
  player.start();
  await until("more to be played", () => heads.length > played);
  const most = played + 10 * (performance.now() - start) + 1_000;
  assert.ok(heads.length < most, `${played}, then ${heads.length} of ${most}`);
  assert.deepEqual(heads, Array.from(everyMs(heads.length), ({ head }) => head));
});

Deno.test("events are played by their own time, at a multiple of it, or at a rate", async () => {
  const paces = [[{ speed: 1 }, 1], [{ speed: 20 }, 20], [{ rate: 4_000 }, 4]] as const;
  await Promise.all(paces.map(async ([pace, perMs]) => {
    const { player, heads } = playerOf(pace, () => everyMs(Infinity));
    const start = performance.now();
    player.start();
    await sleep(600);
    // After a stall of the machine it lags for a while.
    await until(
      "the pace",
      () => Math.abs(heads.length / ((performance.now() - start) * perMs) - 1) < 0.25,
    );
    await player[Symbol.asyncDispose]();
  }));
});

Deno.test("the market's time goes on while the process is too busy to play, stands still in a pause, and is of no pace but the events' own", async () => {
  const { player, heads } = playerOf({ speed: 2 }, () => everyMs(Infinity));
  await using _ = player;
  assert.equal(player.time, undefined);
  player.start();
  await until("something to be played", () => heads.length > 0);
  const [before, played] = [player.time!, heads.length];
  const since = performance.now();
  while (performance.now() - since < 100);
  assert.equal(heads.length, played);
  assert.ok(player.time! - before >= 200, `${before}, then ${player.time}`);
  player.pause();
  const paused = player.time;
  await sleep(20);
  assert.equal(player.time, paused);

  for (const pace of ["max", { rate: 1_000 }] as const) {
    const other = playerOf(pace, () => everyMs(Infinity), () => false);
    await using _ = other.player;
    other.player.start();
    await sleep(20);
    assert.equal(other.player.time, undefined);
  }
});

Deno.test("at pace max it waits for a client that lags, at any other pace it does not", async () => {
  for (const [pace, played] of [["max", 0], [{ rate: 1e9 }, 10]] as const) {
    const { player, heads } = playerOf(pace, () => everyMs(10), () => false);
    await using _ = player;
    player.start();
    await until("all that may be played", () => heads.length === played);
    await sleep(30);
    assert.equal(heads.length, played);
  }
});

Deno.test("many events go out with one flush", async () => {
  const { player, heads, flushes } = playerOf("max");
  player.start();
  await player.finished;
  assert.equal(heads.length, 100_000);
  assert.ok(flushes() < 100);
});
