import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";

const tasks = ["book:produce", "kline:produce"];
const setting = { variables: { ROLLOVER_SECONDS: "5" } };

export const rollover: Scenario = {
  name: "planned rollover",
  promise:
    "connections that are replaced every 5 s, before the exchange closes them, miss nothing, even if they are behind",
  gaps: "none",
  seconds: { short: 45, long: 320 },
  setting,
  async run(stage, form) {
    const { exchange, problems } = stage;
    exchange.inject({ fault: "age", ms: 15_000 });
    // What a connection withholds then comes after the connection was replaced.
    exchange.inject({ fault: "slow", bytesPerSecond: 20_000, ms: 5_000 });
    await sleep({ short: 30_000, long: 300_000 }[form]);
    const moves = tasks.reduce((sum, task) => sum + movesOf(stage, task), 0);
    const { ended } = exchange.status();
    if (ended.age) problems.push(`the exchange closed ${ended.age} connections before they were replaced`);
    if (moves < { short: 6, long: 60 }[form]) problems.push(`connections were replaced ${moves} times only`);
    exchange.inject({ fault: "clear" });
    return { injected: moves, recovery: await recovery(stage, Date.now()) };
  },
};

export const rolloverRefused: Scenario = {
  name: "rollover refused",
  promise: "while new connections are refused the old ones are kept, and requests keep the exchange's limits",
  gaps: "none",
  seconds: { short: 20, long: 60 },
  setting,
  async run(stage, form) {
    const { exchange, problems } = stage;
    const ms = { short: 8_000, long: 40_000 }[form];
    exchange.inject({ fault: "refuse", status: 429, retryAfter: 4, ms });
    await sleep(ms);
    const before = tasks.map((task) => movesOf(stage, task));
    // Each attempt is a handshake and a request for the reason, of each of two producers.
    const { refuse = 0 } = exchange.status().faults;
    if (refuse < 4 || refuse > 4 * (1 + ms / 4_000)) problems.push(`the exchange was asked ${refuse} times`);
    const since = Date.now();
    await until("the connections to be replaced", () => {
      return tasks.every((task, i) => movesOf(stage, task) > before[i]);
    }, LIMIT_MS);
    return { injected: refuse, recovery: await recovery(stage, since) };
  },
};

/** How often a producer has moved to a new connection. */
function movesOf({ workers }: Stage, task: string): number {
  return workers.of(task)[0].lines.filter((line) => line.includes("moved to a new connection")).length;
}
