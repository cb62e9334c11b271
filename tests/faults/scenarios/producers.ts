import { sleep } from "../../../shared/wait.ts";
import { readConfig } from "../../../shared/config/config.ts";
import { killProducers, startProducers, untilCovered } from "../coverage.ts";
import type { Scenario } from "../scenario.ts";
import { recovery, type Stage, untilSubscribed } from "../stage.ts";

/** Two producers of feeds of which each speaks every second. */
const lively = {
  ...{ rate: 1_000, symbols: readConfig({}).symbols.slice(0, 5) },
  producers: [{ PRODUCER_NAME: "first" }, { PRODUCER_NAME: "second" }],
};

export const producerKilledBesideAnother: Scenario = {
  name: "one producer of two killed",
  promise: "a producer that is killed beside another leaves no gap, whichever of the two it is",
  gaps: "none",
  seconds: { short: 25, long: 130 },
  setting: lively,
  async run(stage, form) {
    const kills = { short: 2, long: 10 }[form];
    const all = stage.workers.allOf(":produce");
    let longest = 0;
    for (let n = 0; n < kills; n++) {
      await untilCovered(stage, 2);
      const since = Date.now();
      await killProducers(stage, all.splice(0, 2), 1);
      longest = Math.max(longest, await recovery(stage, since));
      all.push(...startProducers(stage, lively.producers[n % 2]));
    }
    await untilCovered(stage, 2);
    return { injected: kills, recovery: longest };
  },
};

export const connectionLostBesideAnother: Scenario = {
  name: "one connection of two lost",
  promise:
    "what a producer misses while its connection is lost, for a moment or longer, is no gap: the other one has it",
  gaps: "none",
  seconds: { short: 20, long: 70 },
  setting: lively,
  async run(stage, form) {
    const { exchange, config } = stage;
    const times = { short: 1, long: 8 }[form];
    let longest = 0;
    for (let n = 0; n < 2 * times; n++) {
      await untilCovered(stage, 2);
      if (n % 2) exchange.inject({ fault: "refuse", status: 503, ms: 2_000 });
      const since = Date.now();
      for (const route of ["public", "market"]) {
        const ids = exchange.status().connections.filter((one) => one.route === route).map(({ id }) => id);
        exchange.inject({ fault: "drop", connection: Math.min(...ids) });
      }
      await untilSubscribed(exchange, config, 2);
      longest = Math.max(longest, await recovery(stage, since));
    }
    await untilCovered(stage, 2);
    return { injected: 4 * times, recovery: longest };
  },
};

export const connectionsLostTogether: Scenario = {
  name: "connections lost together",
  promise: "what two producers miss that lose the exchange at the same moment is a gap",
  gaps: "recorded",
  seconds: { short: 20, long: 70 },
  setting: lively,
  async run(stage, form) {
    const { exchange, config } = stage;
    const times = { short: 1, long: 8 }[form];
    let longest = 0;
    for (let n = 0; n < times; n++) {
      await untilCovered(stage, 2);
      const since = Date.now();
      exchange.inject({ fault: "refuse", status: 503, ms: 1_500 });
      exchange.inject({ fault: "drop" });
      await untilSubscribed(exchange, config, 2);
      await recovery(stage, Date.now());
      longest = Math.max(longest, Date.now() - since);
    }
    return { injected: times, recovery: longest };
  },
};

export const loneProducerKilled: Scenario = {
  name: "lone producer killed",
  promise: "what a single producer missed while it was not running is a gap",
  gaps: "recorded",
  seconds: { short: 30, long: 100 },
  async run(stage, form) {
    const kills = { short: 2, long: 8 }[form];
    let longest = 0;
    for (let n = 0; n < kills; n++) longest = Math.max(longest, await killAndRestart(stage));
    return { injected: kills, recovery: longest };
  },
};

/** Leaves the streams alone for a moment between the death and the restart; returns how long until all was well. */
async function killAndRestart(stage: Stage): Promise<number> {
  const { workers, exchange, config, random } = stage;
  await sleep(1_000 + random(2_000));
  await killProducers(stage, workers.allOf(":produce"), 0);
  await sleep(1_000 + random(2_000));
  const since = Date.now();
  startProducers(stage);
  await untilSubscribed(exchange, config, 1);
  const took = await recovery(stage, since);
  await untilCovered(stage, 1);
  return took;
}
