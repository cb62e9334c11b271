import { sleep } from "../../../shared/wait.ts";
import type { Scenario } from "../scenario.ts";
import { PATIENCE_MS, recovery, type Stage, untilSubscribed } from "../stage.ts";

const tasks = ["book:produce", "kline:produce"];

export const producerKilledBesideTwin: Scenario = {
  name: "producer killed, twin alive",
  promise: "a producer that is killed beside its twin leaves no gap, whichever of the two it is",
  gaps: "none",
  seconds: { short: 25, long: 130 },
  async run(stage, form) {
    const { crew, exchange, config } = stage;
    const kills = { short: 2, long: 10 }[form];
    let longest = 0;
    for (const task of tasks) crew.start(task);
    for (let n = 0; n < kills; n++) {
      await untilSubscribed(exchange, config, 2);
      await recovery(stage, Date.now());
      const since = Date.now();
      // The older of the two: each of them in turn.
      for (const task of tasks) await crew.end(crew.of(task)[0], "SIGKILL");
      longest = Math.max(longest, await recovery(stage, since));
      for (const task of tasks) crew.start(task);
    }
    await untilSubscribed(exchange, config, 2);
    return { injected: kills, recovery: longest };
  },
};

export const loneProducerKilled: Scenario = {
  name: "lone producer killed",
  promise: "what a lone producer missed while it was dead is in the gap ledger",
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
  const { crew, exchange, config, random } = stage;
  await sleep(1_000 + random(2_000));
  for (const task of tasks) await crew.end(crew.of(task)[0], "SIGKILL");
  await sleep(1_000 + random(2_000));
  const since = Date.now();
  const restarted = tasks.map((task) => crew.start(task));
  await untilSubscribed(exchange, config, 1);
  // What was missed is told once it is known that no other producer was there.
  await Promise.all(restarted.map((worker) => worker.says(/a gap is recorded/, PATIENCE_MS)));
  return await recovery(stage, since);
}
