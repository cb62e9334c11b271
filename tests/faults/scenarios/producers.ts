import { sleep } from "../../../shared/wait.ts";
import { readConfig } from "../../../shared/config/config.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage, untilSubscribed } from "../stage.ts";

const tasks = ["book:produce", "kline:produce"];

/** So many symbols have candles so often that half a second without any is not the market's silence: it could be recorded as a gap. */
const lively = { rate: 1_000, symbols: readConfig({}).symbols };

export const producerKilledBesideAnother: Scenario = {
  name: "one producer of two killed",
  promise: "a producer that is killed beside another leaves no gap, whichever of the two it is",
  gaps: "none",
  seconds: { short: 25, long: 130 },
  setting: lively,
  async run(stage, form) {
    const { workers } = stage;
    const kills = { short: 2, long: 10 }[form];
    let longest = 0;
    await addSecondProducers(stage);
    for (let n = 0; n < kills; n++) {
      await recovery(stage, Date.now());
      const since = Date.now();
      // The older of the two: each of them in turn.
      for (const task of tasks) await workers.end(workers.of(task)[0], "SIGKILL");
      longest = Math.max(longest, await recovery(stage, since));
      await addSecondProducers(stage);
    }
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
    await addSecondProducers(stage);
    let longest = 0;
    for (let n = 0; n < 2 * times; n++) {
      // Candles come too seldom to distinguish a moment of silence from a quiet market.
      const routes = n % 2 ? ["public", "market"] : ["public"];
      if (n % 2) exchange.inject({ fault: "refuse", status: 503, ms: 2_000 });
      const since = Date.now();
      for (const route of routes) {
        const ids = exchange.status().connections.filter((one) => one.route === route).map(({ id }) => id);
        exchange.inject({ fault: "drop", connection: Math.min(...ids) });
      }
      await untilSubscribed(exchange, config, 2);
      longest = Math.max(longest, await recovery(stage, since));
    }
    return { injected: 3 * times, recovery: longest };
  },
};

export const connectionsLostTogether: Scenario = {
  name: "connections lost together",
  promise: "what two producers miss that lose the exchange at the same moment is a gap",
  gaps: "recorded",
  seconds: { short: 15, long: 60 },
  async run(stage, form) {
    const { exchange, config } = stage;
    const times = { short: 1, long: 8 }[form];
    await addSecondProducers(stage);
    let longest = 0;
    for (let n = 0; n < times; n++) {
      const since = Date.now();
      exchange.inject({ fault: "refuse", status: 503, ms: 1_500 });
      exchange.inject({ fault: "drop" });
      await untilSubscribed(exchange, config, 2);
      longest = Math.max(longest, await recovery(stage, since));
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
  for (const task of tasks) await workers.end(workers.of(task)[0], "SIGKILL");
  await sleep(1_000 + random(2_000));
  const since = Date.now();
  const restarted = tasks.map((task) => workers.start(task));
  await untilSubscribed(exchange, config, 1);
  // A gap is recorded when it is known that no other producer covered it.
  await Promise.all(restarted.map((worker) => worker.says(/gaps? (is|are) recorded/, LIMIT_MS)));
  return await recovery(stage, since);
}

/** Starts a second producer of each stream, and waits until it knows of the first. */
async function addSecondProducers({ workers, exchange, config }: Stage): Promise<void> {
  const second = tasks.map((task) => workers.start(task));
  await untilSubscribed(exchange, config, 2);
  await Promise.all(second.map((worker) => worker.says(/another producer had what was missed/, LIMIT_MS)));
}
