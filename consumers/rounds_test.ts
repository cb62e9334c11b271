import assert from "node:assert/strict";
import { createLog } from "../shared/log.ts";
import { sleep } from "../shared/wait.ts";
import { inFastTime } from "../tests/fast_time.ts";
import { createRounds } from "./rounds.ts";

/** Does rounds of a chore, one a minute, and returns what the log says from info on. */
function play(rounds: number, run: (round: number) => Promise<void>) {
  return inFastTime(async () => {
    const lines: string[] = [];
    const round = createRounds(createLog("test", "info", (line) => lines.push(line)));
    for (let n = 0; n < rounds; n++, await sleep(60_000)) await round("partitions", () => run(n));
    return lines;
  });
}

const locked = () => Promise.reject(Object.assign(new Error("lock timeout"), { code: "55P03" }));

Deno.test("a lock that stays for ten minutes is told of, with where to look; one that goes is not", async () => {
  assert.deepEqual(await play(20, (n) => n % 10 === 9 ? Promise.resolve() : locked()), []);
  const [line] = await play(12, locked);
  assert.match(line, /waits for a lock: is a transaction open.*chore=partitions.*pg_stat_activity/);
});

Deno.test("any other failure is told of at once", async () => {
  const [line] = await play(1, () => Promise.reject(new Error("no such table")));
  assert.match(line, /failed and is done again soon.*no such table/);
});
