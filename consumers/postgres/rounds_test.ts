import assert from "node:assert/strict";
import { createLog } from "../../shared/log.ts";
import { silent } from "../../tests/silent.ts";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { createRounds } from "./rounds.ts";

/** Runs rounds of a job, one a minute; returns the lines of the log from info on, and after each round why it is stuck. */
function play(count: number, round: (n: number) => Promise<boolean>) {
  return inFastTime(async () => {
    const lines: string[] = [];
    const rounds = createRounds(createLog("test", "info", (line) => lines.push(line)));
    const stuck: (string | undefined)[] = [];
    for (let n = 0; n < count; n++, await sleep(60_000)) {
      await rounds.run("rollup", () => round(n));
      stuck.push(rounds.stuck());
    }
    return { lines, stuck };
  });
}

const failing = (message: string, code?: string) => () =>
  Promise.reject(Object.assign(new Error(message), { code }));
const locked = failing("lock timeout", "55P03");

Deno.test("a job that has failed for five minutes is stuck, with the reason, until it succeeds", async () => {
  const { stuck } = await play(8, (n) => n < 7 ? failing("no replica identity")() : Promise.resolve(false));
  assert.deepEqual(stuck.slice(0, 5), Array(5).fill(undefined));
  assert.match(stuck[5]!, /the job rollup has not succeeded for 5 min: no replica identity/);
  assert.match(stuck[6]!, /for 6 min/);
  assert.equal(stuck[7], undefined);
});

Deno.test("a lock that is held for less than five minutes is not logged; after that the job is stuck, and it is logged", async () => {
  const brief = await play(20, (n) => n % 5 === 4 ? Promise.resolve(false) : locked());
  assert.deepEqual(brief, { lines: [], stuck: Array(20).fill(undefined) });
  const { lines: [line], stuck } = await play(6, locked);
  assert.match(
    line,
    /done again soon.*job=rollup.*waits for a lock: is a transaction open.*pg_stat_activity/,
  );
  assert.match(stuck[5]!, /waits for a lock/);
});

Deno.test("any other failure is logged at once", async () => {
  const { lines: [line] } = await play(1, failing("no such table"));
  assert.match(line, /failed and is done again soon.*no such table/);
});

Deno.test("a round that does not end counts as a failure", async () => {
  const words = await inFastTime(async () => {
    const rounds = createRounds(silent);
    rounds.run("rollup", () => Promise.withResolvers<boolean>().promise);
    await sleep(300_000);
    return rounds.stuck();
  });
  assert.match(words!, /the job rollup has not succeeded for 5 min: its round does not end/);
});
