import { sleep } from "../../../shared/wait.ts";
import { gapsOnceSettled, killProducers, startProducers, untilCovered } from "../coverage.ts";
import type { Scenario } from "../scenario.ts";
import { produceTasks, recovery, untilSubscribed } from "../stage.ts";

export const producerKilledOften: Scenario = {
  name: "lone producer killed at random",
  promise:
    "whenever a single producer is killed, be it within a second of its return, what it missed is a gap",
  gaps: "recorded",
  seconds: { short: 45, long: 170 },
  async run(stage, form) {
    const { workers, exchange, config, random } = stage;
    const kills = { short: 5, long: 30 }[form];
    for (let n = 0; n < kills; n++) {
      await sleep(random(n % 2 ? 1_000 : 5_000));
      await killProducers(stage, workers.allOf(":produce"), 0);
      await sleep(random(1_500));
      startProducers(stage);
      await untilSubscribed(exchange, config, 1);
    }
    const took = await recovery(stage, Date.now());
    await untilCovered(stage, 1);
    return { injected: kills, recovery: took };
  },
};

const names = ["first", "second", "third"].map((name) => ({ PRODUCER_NAME: name }));

export const threeProducers: Scenario = {
  name: "two producers of three killed",
  promise: "while one of three producers is left there is no gap, and there is one once the last is killed",
  gaps: "recorded",
  seconds: { short: 60, long: 150 },
  setting: { producers: names },
  async run(stage, form) {
    const { workers, random, problems } = stage;
    const times = { short: 1, long: 5 }[form];
    const all = names.map((_, n) => workers.allOf(":produce").slice(2 * n, 2 * n + 2));
    let longest = 0;
    for (let n = 0; n < times; n++) {
      await untilCovered(stage, 3);
      const left = random(3);
      const killed = [0, 1, 2].filter((one) => one !== left);
      const since = Date.now();
      await killProducers(stage, killed.flatMap((one) => all[one]), 1);
      longest = Math.max(longest, await recovery(stage, since));
      for (const one of killed) all[one] = startProducers(stage, names[one]);
    }
    await untilCovered(stage, 3);
    const gaps = await gapsOnceSettled(stage, 3 * produceTasks.length);
    if (gaps.length > 0) problems.push(`one producer was left, and these have a gap: ${gaps}`);
    await killProducers(stage, all.flat(), 0);
    for (const name of names) startProducers(stage, name);
    await untilCovered(stage, 3);
    return { injected: 2 * times + 3, recovery: Math.max(longest, await recovery(stage, Date.now())) };
  },
};

const clockAhead = new URL("../clock_ahead.ts", import.meta.url).pathname;

export const clocksApart: Scenario = {
  name: "clocks 5 s apart",
  promise: "of two producers whose clocks differ by 5 s each covers what the other misses, and no more",
  gaps: "recorded",
  seconds: { short: 60, long: 60 },
  setting: { producers: names.slice(0, 1) },
  async run(stage) {
    const { workers, problems } = stage;
    const [first, second] = names;
    const inTime = workers.allOf(":produce");
    let ahead = startProducers(stage, second, clockAhead);
    await untilCovered(stage, 2);
    await killProducers(stage, inTime, 1);
    startProducers(stage, first);
    await untilCovered(stage, 2);
    await killProducers(stage, ahead, 1);
    ahead = startProducers(stage, second, clockAhead);
    await untilCovered(stage, 2);
    const gaps = await gapsOnceSettled(stage, 2 * produceTasks.length);
    if (gaps.length > 0) problems.push(`one producer was left, and these have a gap: ${gaps}`);
    await killProducers(stage, workers.allOf(":produce"), 0);
    await sleep(2_000);
    startProducers(stage, second, clockAhead);
    await untilCovered(stage, 1);
    return { injected: 4, recovery: await recovery(stage, Date.now()) };
  },
};
