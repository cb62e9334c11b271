import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { untilCovered, untilRead, watchOpenGaps } from "../coverage.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery } from "../stage.ts";

const TASK = "coverage:consume";

export const coverageBehind: Scenario = {
  name: "coverage consumer away",
  promise: "while nobody reads the coverage no gap is open, nor when its consumer is back and behind",
  gaps: "none",
  seconds: { short: 75, long: 120 },
  async run(stage, form) {
    const { workers, sql } = stage;
    await untilRead(stage);
    await using _ = watchOpenGaps(stage);
    await workers.end(workers.of(TASK)[0], "SIGKILL");
    await sleep({ short: 15_000, long: 60_000 }[form]);
    const [{ read }] = await sql`select websocket.coverage_read_at() as read`;
    if (read !== null) stage.problems.push("coverage that nobody reads counts as read");
    const since = Date.now();
    workers.start(TASK);
    await untilCovered(stage, 1);
    const took = Date.now() - since;
    await untilRead(stage);
    return { injected: 1, recovery: took };
  },
};

export const marketQuiet: Scenario = {
  name: "quiet market",
  promise: "feeds that say nothing for a minute are covered once they speak",
  gaps: "none",
  seconds: { short: 150, long: 300 },
  // A trade of the simulated market need not change its book, so the watchdog would take a quiet book for a dead feed.
  setting: { rate: 1, quietMinutes: true, variables: { SILENCE_SECONDS: "600" } },
  async run(stage, form) {
    const { sql } = stage;
    const silent = new Set<string>();
    const end = Date.now() + { short: 60_000, long: 180_000 }[form];
    await until("the market to have been quiet", async () => {
      for (const { feed } of await sql`select feed from websocket.coverage_data where reason = 'silent'`) {
        silent.add(feed);
      }
      return Date.now() > end;
    }, LIMIT_MS);
    return { injected: silent.size, recovery: await recovery(stage, Date.now()) };
  },
};
