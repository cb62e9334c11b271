import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage } from "../stage.ts";

/** The design: the first new row comes within 15 s of a consumer's SIGKILL and restart. Beside the whole test suite it may take longer. */
const RESTART_MS = { short: 60_000, long: 15_000 };
/** A group session times out after 10 s: who is silent for longer has been replaced. */
const ZOMBIE_MS = 13_000;

const tasks = ["book:consume", "kline:consume"];

export const consumerKilled: Scenario = {
  name: "consumer killed",
  promise: "consumers that are killed again and again store every message once",
  gaps: "none",
  seconds: { short: 40, long: 280 },
  async run(stage, form) {
    const { workers, random, problems } = stage;
    const kills = { short: 2, long: 20 }[form];
    let longest = 0;
    for (let n = 0; n < kills; n++) {
      await sleep(random(2_000));
      const since = Date.now();
      await Promise.all(tasks.map(async (task) => {
        await workers.end(workers.of(task)[0], "SIGKILL");
        workers.start(task);
      }));
      const took = await recovery(stage, since);
      if (took > RESTART_MS[form]) {
        problems.push(`the first new row came ${took} ms after a consumer's SIGKILL`);
      }
      longest = Math.max(longest, took);
    }
    return { injected: kills, recovery: longest };
  },
};

export const consumersShareWork: Scenario = {
  name: "consumers join and leave",
  promise:
    "three consumers that join and leave, by SIGTERM or SIGKILL, share the work and store every message once",
  gaps: "none",
  seconds: { short: 35, long: 110 },
  async run(stage, form) {
    const { workers } = stage;
    const rounds = { short: 1, long: 4 }[form];
    let longest = 0;
    const recovered = async () => longest = Math.max(longest, await recovery(stage, Date.now()));
    for (let n = 0; n < rounds; n++) {
      workers.start("book:consume");
      workers.start("book:consume");
      await shared(stage, 3);
      await recovered();
      await workers.drain([workers.of("book:consume")[0]]);
      await recovered();
      await workers.end(workers.of("book:consume")[0], "SIGKILL");
      await recovered();
    }
    return { injected: 4 * rounds, recovery: longest };
  },
};

export const zombie: Scenario = {
  name: "consumer frozen",
  promise: "a consumer that is frozen for longer than its session, and then goes on, doubles nothing",
  gaps: "none",
  seconds: { short: 35, long: 110 },
  async run(stage, form) {
    const { workers } = stage;
    const times = { short: 1, long: 4 }[form];
    let longest = 0;
    workers.start("book:consume");
    for (let n = 0; n < times; n++) {
      await shared(stage, 2);
      const [zombie] = workers.of("book:consume");
      const since = Date.now();
      Deno.kill(zombie.pid, "SIGSTOP");
      longest = Math.max(longest, await recovery(stage, since));
      await sleep(ZOMBIE_MS - (Date.now() - since));
      Deno.kill(zombie.pid, "SIGCONT");
      await recovery(stage, Date.now());
    }
    return { injected: times, recovery: longest };
  },
};

/** Waits until so many book consumers each have a part of the topic. */
async function shared({ workers }: Stage, members: number): Promise<void> {
  await until(`${members} consumers to share the topic`, () => {
    const parts = workers.of("book:consume").map(({ lines }) =>
      lines.findLast((line) => line.includes("consume: joined the group"))?.match(/partitions=\[(.*)\]/)
        ?.[1] ?? ""
    );
    return parts.filter((part) => part !== "").length === members;
  }, LIMIT_MS);
}
