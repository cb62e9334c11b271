import assert from "node:assert/strict";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import type { Live } from "./types.ts";
import { replace } from "./replace.ts";

/** A message every so many ms. Times are ms from the moment when the second connection is opened. */
const PACE = 50;

/**
 * Replaces a connection by one that has each message at once, from time `first` on. The old one has it `lag` ms later, and
 * none of those after `until`. Returns when it was closed, what never came, and whether it was told as lost.
 */
function move(
  {
    lag = 0,
    until = Infinity,
    first = 0,
    quietUntil = 0,
    quietFrom = 10_000,
    answers = false,
    isDead = false,
    isSparse = false,
  },
) {
  return inFastTime(async () => {
    const start = Date.now();
    const at = () => Date.now() - start;
    const come = new Set<number>();
    let isCutShort = false;
    const told: string[] = [];
    let closedAt = Infinity;
    type Growing = { -readonly [K in keyof Live]: Live[K] };
    const connection = (lastTime?: number): Growing => ({
      ...{
        since: start,
        heardAt: start,
        answeredTo: 0,
        isNew: false,
        lastTime,
        ending: new AbortController().signal,
      },
      requests: new Map(),
      socket: { closed: new Promise<string>(() => {}), send() {}, close: () => closedAt = at() },
    });
    const receive = (live: Growing, time: number) => {
      if (live === old && at() >= closedAt) return;
      come.add(time);
      live.firstTime ??= time;
      live.lastTime = time;
      live.heardAt = Date.now();
    };
    const old = connection(-lag - PACE);
    const fresh = connection();
    fresh.isNew = true;
    const times = Array.from({ length: 500 }, (_, i) => i * PACE - lag)
      .filter((time) => time < 0 || time >= quietUntil && time < quietFrom);
    const play = async (live: Growing, from: number, lag: number, until: number) => {
      for (const time of times.filter((time) => from <= time && time <= until)) {
        await sleep(time + lag - at());
        receive(live, time);
      }
    };
    const answer = async () => {
      for (; answers && at() < 5_000; await sleep(1_000)) old.answeredTo = Date.now();
    };
    const played = [answer(), play(old, -lag, lag, until), play(fresh, first, 0, Infinity)];
    const moved = await replace(
      old,
      { isDead, isSparse },
      () => Promise.resolve(fresh),
      {
        onFrame: () => undefined,
        ...{ onUp() {}, onDown() {}, onMute() {}, onSubscribed() {}, onAsking: () => () => {} },
        onReplacing: () => told.push("replacing"),
        onReplaced: (isReplaced) => told.push(isReplaced ? "replaced" : "given up"),
        onCutShort: () => isCutShort = true,
      },
      new AbortController().signal,
    );
    assert.equal(moved, fresh);
    assert.deepEqual([told, fresh.isNew], [["replacing", "replaced"], false]);
    await Promise.all(played);
    const lost = times.filter((time) => !come.has(time));
    return { closedAt, lost, isCutShort };
  });
}

Deno.test("a connection that keeps up is closed after a second, and nothing is lost", async () => {
  const { closedAt, ...rest } = await move({});
  assert.ok(closedAt >= 1_000 && closedAt < 1_200);
  assert.deepEqual(rest, { lost: [], isCutShort: false });
});

Deno.test("one that is behind is waited for until it has caught up and a second more, and nothing is lost", async () => {
  const { closedAt, ...rest } = await move({ lag: 5_000 });
  assert.ok(closedAt >= 6_000 && closedAt < 6_200);
  assert.deepEqual(rest, { lost: [], isCutShort: false });
});

Deno.test("one that is behind by more than ten seconds is told as lost", async () => {
  const { closedAt, lost, isCutShort } = await move({ lag: 12_000 });
  assert.equal(closedAt, 10_000);
  assert.ok(lost.length > 0 && isCutShort);
});

Deno.test("one that falls silent while the other has data is not waited for, and is told as lost", async () => {
  const { closedAt, lost, isCutShort } = await move({ until: -1, lag: 500, first: 1_000 });
  assert.ok(closedAt >= 4_000 && closedAt < 4_200);
  assert.deepEqual([lost[0], lost.at(-1), isCutShort], [0, 950, true]);
});

Deno.test("one that falls silent right after the other's first message is told as lost, as others may have been on their way", async () => {
  assert.ok((await move({ until: 500 })).isCutShort);
});

Deno.test("one that is silent as the market is, and answers what it is asked, is not told as lost", async () => {
  const { closedAt, ...rest } = await move({ until: 500, quietFrom: 500, answers: true });
  assert.ok(closedAt >= 1_000 && closedAt < 3_200, `${closedAt}`);
  assert.deepEqual(rest, { lost: [], isCutShort: false });
});

Deno.test("a connection that is known to be dead is not told as lost again", async () => {
  const { isCutShort } = await move({ until: -1, lag: 500, first: 1_000, isDead: true });
  assert.ok(!isCutShort);
});

Deno.test("in a quiet market the first message may be long in coming, and is no sign of anything missed", async () => {
  const { closedAt, ...rest } = await move({ quietUntil: 6_000, lag: 100 });
  assert.ok(closedAt >= 7_100 && closedAt < 7_200);
  assert.deepEqual(rest, { lost: [], isCutShort: false });
});

Deno.test("a new connection without data is refused, though the old one has none either", async () => {
  await assert.rejects(move({ quietUntil: 60_000 }), /no data on the new connection within 10 s/);
});

Deno.test("feeds that speak seldom move to a connection without data, unless the old one speaks meanwhile", async () => {
  const { closedAt, ...rest } = await move({ quietUntil: 60_000, isSparse: true });
  assert.ok(closedAt >= 10_000 && closedAt < 10_200);
  assert.deepEqual(rest, { lost: [], isCutShort: false });
  const speaking = move({ first: 60_000, isSparse: true });
  await assert.rejects(speaking, /no data on the new connection within 10 s/);
});
