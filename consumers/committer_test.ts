import assert from "node:assert/strict";
import { silent } from "../tests/silent.ts";
import { sleep } from "../shared/wait.ts";
import { inFastTime } from "../tests/fast_time.ts";
import { createCommitter } from "./committer.ts";
const at = (partition: number, offset: number) => ({
  topic: "kline_data",
  partition,
  offset: String(offset),
});

/** A consumer that records each commit, which the test settles. */
function consumer() {
  const commits: { offsets: string[]; settle: PromiseWithResolvers<void> }[] = [];
  return {
    commits,
    commit(offsets: readonly { partition: number; offset: string }[]) {
      const settle = Promise.withResolvers<void>();
      commits.push({ offsets: offsets.map(({ partition, offset }) => `${partition}:${offset}`), settle });
      return settle.promise;
    },
  };
}

Deno.test("a commit that fails is retried together with newer offsets", async () => {
  await inFastTime(async () => {
    const { commits, commit } = consumer();
    await using committer = createCommitter({ commit }, () => 1, silent);
    const told: number[] = [];
    committer.add([at(0, 1), at(1, 5)], 2, () => told.push(1));
    commits[0].settle.reject(new Error("not enough replicas"));
    committer.add([at(0, 2)], 1, () => told.push(2));
    await sleep(60_000);
    assert.deepEqual(told, []);
    assert.deepEqual(commits[1].offsets, ["0:2", "1:5"]);
    commits[1].settle.resolve();
    await sleep(0);
    assert.deepEqual(told, [1, 2]);
    assert.equal(commits.length, 2);
  });
});

Deno.test("offsets of before the group was joined again are not committed", async () => {
  await inFastTime(async () => {
    const { commits, commit } = consumer();
    let generation = 1;
    await using committer = createCommitter({ commit }, () => generation, silent);
    committer.add([at(0, 1)], 1, () => assert.fail("it was not committed"));
    committer.add([at(1, 7)], 1, () => assert.fail("nor was this"));
    generation = 2;
    commits[0].settle.reject(new Error("the group has moved on"));
    await sleep(60_000);
    assert.equal(commits.length, 1);
    committer.add([at(2, 3)], 1, () => {});
    assert.deepEqual(commits[1].offsets, ["2:3"]);
    commits[1].settle.resolve();
  });
});

Deno.test("disposing retries a failed commit once, without the pause", async () => {
  await inFastTime(async () => {
    const { commits, commit } = consumer();
    const committer = createCommitter({ commit }, () => 1, silent);
    committer.add([at(0, 1)], 1, () => assert.fail("it was not committed"));
    commits[0].settle.reject(new Error("not enough replicas"));
    await sleep(0);
    const before = performance.now();
    const ending = committer[Symbol.asyncDispose]();
    while (commits.length < 2) await Promise.resolve();
    assert.equal(performance.now(), before);
    commits[1].settle.reject(new Error("not enough replicas"));
    await ending;
    assert.equal(commits.length, 2);
  });
});

Deno.test("when a million messages wait for their commit there is no room until one succeeds", async () => {
  await inFastTime(async () => {
    let isRefused = true;
    const commit = () => isRefused ? Promise.reject(new Error("not enough replicas")) : Promise.resolve();
    await using committer = createCommitter({ commit }, () => 1, silent);
    let told = 0;
    for (let n = 0; n < 200_000; n++) committer.add([at(0, n)], 5, () => told += 5);
    await committer.room(new AbortController().signal);
    committer.add([at(0, 200_000)], 1, () => told++);
    let hasRoom = false;
    const waiting = committer.room(new AbortController().signal).then(() => hasRoom = true);
    await sleep(60_000);
    assert.deepEqual([hasRoom, committer.isFull, told], [false, true, 0]);
    isRefused = false;
    await waiting;
    assert.deepEqual([committer.isFull, told], [false, 1_000_001]);
  });
});

Deno.test("one commit runs at a time, and the next has the newest offset of each partition", async () => {
  const { commits, commit } = consumer();
  await using committer = createCommitter({ commit }, () => 1, silent);
  const told: number[] = [];
  committer.add([at(0, 1), at(1, 5)], 2, () => told.push(1));
  committer.add([at(0, 2)], 1, () => told.push(2));
  committer.add([at(0, 3), at(2, 7)], 1, () => told.push(3));
  assert.deepEqual(commits.map(({ offsets }) => offsets), [["0:1", "1:5"]]);
  commits[0].settle.resolve();
  while (commits.length < 2) await Promise.resolve();
  assert.deepEqual(told, [1]);
  assert.deepEqual(commits[1].offsets, ["0:3", "2:7"]);
  commits[1].settle.resolve();
});

Deno.test("disposing waits for the last commit", async () => {
  const { commits, commit } = consumer();
  const committer = createCommitter({ commit }, () => 1, silent);
  committer.add([at(0, 1)], 1, () => {});
  committer.add([at(0, 2)], 1, () => {});
  let ended = false;
  const ending = committer[Symbol.asyncDispose]().then(() => ended = true);
  commits[0].settle.resolve();
  while (commits.length < 2) await Promise.resolve();
  assert.equal(ended, false);
  commits[1].settle.resolve();
  await ending;
  assert.deepEqual(commits[1].offsets, ["0:2"]);
});
