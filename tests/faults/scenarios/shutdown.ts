import { SAME_WISH_MS } from "../../../shared/stop_signals.ts";
import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { startProducers, untilCovered } from "../coverage.ts";
import { lockTables } from "../locks.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage, untilSubscribed } from "../stage.ts";

const tasks = ["book:consume", "kline:consume"];

export const workersStopped: Scenario = {
  name: "workers stopped",
  promise: "on SIGTERM a worker finishes what it has in memory within 10 s, and a second one ends it at once",
  gaps: "recorded",
  seconds: { short: 30, long: 110 },
  async run(stage, form) {
    const { workers, exchange, config } = stage;
    const times = { short: 1, long: 4 }[form];
    let longest = 0;
    for (let n = 0; n < times; n++) {
      const since = Date.now();
      await workers.drain(tasks.flatMap(workers.of));
      for (const task of tasks) workers.start(task);
      longest = Math.max(longest, await recovery(stage, since));
      await quitAtOnce(stage);
      await workers.drain(workers.allOf(":produce"));
      startProducers(stage);
      await untilSubscribed(exchange, config, 1);
      await untilCovered(stage, 1);
      await recovery(stage, Date.now());
    }
    return { injected: 3 * times, recovery: longest };
  },
};

/** A consumer that can't finish, since what it writes is locked, is asked twice. */
async function quitAtOnce(stage: Stage): Promise<void> {
  const { workers, problems, sql } = stage;
  const unlock = await lockTables(stage);
  await until("ticks to wait for the lock", async () => {
    const [{ waits }] = await sql`
      select exists (
        select from pg_locks where relation = 'websocket.order_book_data'::regclass and not granted) as waits`;
    return waits;
  }, LIMIT_MS);
  const [consumer] = workers.of("book:consume");
  const ended = workers.end(consumer, "SIGTERM");
  await consumer.says(/stopping/);
  await sleep(SAME_WISH_MS);
  const { code } = await workers.end(consumer, "SIGTERM");
  await ended;
  // The code of who quits at the second one; who can't finish has another.
  if (code !== 143) problems.push(`a second signal ended it with ${code}`);
  await unlock();
  workers.start("book:consume");
  await recovery(stage, Date.now());
}
