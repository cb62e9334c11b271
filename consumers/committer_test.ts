import assert from "node:assert/strict";
import { createLog } from "../shared/log.ts";
import { createCommitter } from "./committer.ts";

const log = createLog("test", "error", () => {});
const at = (partition: number, offset: number) => ({
  topic: "kline_data",
  partition,
  offset: String(offset),
});

/** A consumer that notes what it is to commit, and does so when it is told to. */
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

Deno.test("a commit that fails tells of nothing committed, and the next goes on", async () => {
  const { commits, commit } = consumer();
  const committer = createCommitter({ commit }, log);
  let told = 0;
  committer.add([at(0, 1)], () => told++);
  committer.add([at(0, 2)], () => told += 10);
  commits[0].settle.reject(new Error("the group has moved on"));
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(told, 0);
  commits[1].settle.resolve();
  await committer[Symbol.asyncDispose]();
  assert.equal(told, 10);
});

Deno.test("one commit runs at a time, and the next has the newest offset of each partition", async () => {
  const { commits, commit } = consumer();
  await using committer = createCommitter({ commit }, log);
  const told: number[] = [];
  committer.add([at(0, 1), at(1, 5)], () => told.push(1));
  committer.add([at(0, 2)], () => told.push(2));
  committer.add([at(0, 3), at(2, 7)], () => told.push(3));
  assert.deepEqual(commits.map(({ offsets }) => offsets), [["0:1", "1:5"]]);
  commits[0].settle.resolve();
  while (commits.length < 2) await Promise.resolve();
  assert.deepEqual(told, [1]);
  assert.deepEqual(commits[1].offsets, ["0:3", "2:7"]);
  commits[1].settle.resolve();
});

Deno.test("disposing waits for what is still to be committed", async () => {
  const { commits, commit } = consumer();
  const committer = createCommitter({ commit }, log);
  committer.add([at(0, 1)], () => {});
  committer.add([at(0, 2)], () => {});
  let ended = false;
  const ending = committer[Symbol.asyncDispose]().then(() => ended = true);
  commits[0].settle.resolve();
  while (commits.length < 2) await Promise.resolve();
  assert.equal(ended, false);
  commits[1].settle.resolve();
  await ending;
  assert.deepEqual(commits[1].offsets, ["0:2"]);
});
