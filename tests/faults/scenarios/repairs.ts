import { sleep } from "../../../shared/wait.ts";
import {
  auditFault,
  feedsOf,
  type OutageGap,
  outageGaps,
  unrepairedOf,
  untilFeedsAreCovered,
  untilRepaired,
  weightFault,
} from "../../outage.ts";
import { until } from "../../until.ts";
import type { Form, Repair, Scenario } from "../scenario.ts";
import { LIMIT_MS, produceTasksOf, type Stage, untilSubscribed } from "../stage.ts";

/** How long all sockets are cut, in ms. */
const OUTAGE_MS: Record<Form, number> = { short: 60_000, long: 420_000 };
/** How long repairing may take on a busy machine, in ms. */
const REPAIR_MS = 900_000;

/** What makes repairing hard. */
interface Hindrance {
  /** Begins with the outage. */
  begin?(stage: Stage): void;
  /**
   * Begins once all feeds are subscribed again; returns how often it came to bear. `isRepaired` tells whether it comes too late.
   * @throws {Error} if the worker is not hindered
   */
  go(stage: Stage, form: Form, isRepaired: () => boolean): Promise<number>;
}

/** Cuts all sockets, and looks at the gaps that this leaves. Without a hindrance the cut connections count as what was broken. */
function outage(scenario: Omit<Scenario, "gaps" | "run" | "verify">, hindrance?: Hindrance): Scenario {
  return {
    ...scenario,
    gaps: "recorded",
    setting: { rate: 800, repairs: 1, quietMinutes: true, ...scenario.setting },
    async run(stage, form) {
      const { exchange, config, sql } = stage;
      const kinds = produceTasksOf(stage).length;
      const feeds = feedsOf(config.symbols);
      await untilFeedsAreCovered(sql, feeds, LIMIT_MS);
      exchange.inject({ fault: "cut", ms: OUTAGE_MS[form] });
      const { cut = 0 } = exchange.status().faults;
      hindrance?.begin?.(stage);
      await until("the sockets to be back", () => {
        return exchange.status().connections.length >= kinds;
      }, OUTAGE_MS[form] + LIMIT_MS);
      await untilSubscribed(exchange, config, 1, kinds);
      const since = performance.now();
      let took = 0;
      const repair = async () => {
        const gaps = await untilRepaired(sql, feeds, REPAIR_MS);
        took = performance.now() - since;
        return gaps;
      };
      const [gaps, hindered] = await Promise.all([
        repair(),
        hindrance?.go(stage, form, () => took > 0) ?? cut,
      ]);
      return {
        injected: cut === 0 ? 0 : hindered,
        recovery: took,
        repair: figuresOf(gaps, took, exchange.status().weight.most),
      };
    },
    async verify({ exchange, config, sql }) {
      // One of each feed goes on, as its producers have ended.
      const gaps = (await outageGaps(sql)).filter(({ seconds }) => seconds !== null);
      return unrepairedOf(gaps)[0] ?? await auditFault(sql) ?? weightFault(exchange, config.weightPerMinute);
    },
  };
}

function figuresOf(gaps: readonly OutageGap[], tookMs: number, weight: number): Repair {
  const count = (wanted: string) => gaps.filter(({ state }) => state === wanted).length;
  return { repaired: count("repaired"), absent: count("absent"), lost: count("lost"), tookMs, weight };
}

/** Waits until the worker has said that it can't ask the exchange. */
async function untilRefused({ workers }: Stage, words: RegExp): Promise<void> {
  await workers.of("repair")[0].says(words, LIMIT_MS);
}

export const outageRepaired: Scenario = outage({
  name: "outage repaired",
  promise: "after an outage of all sockets every candle and every trade is there, and only ticks are lost",
  seconds: { short: 170, long: 540 },
});

export const restDown: Scenario = outage({
  name: "outage, REST down",
  promise: "an outage is repaired once REST is back, which was down during it and for a while after it",
  seconds: { short: 190, long: 840 },
}, {
  begin: ({ exchange }) => exchange.inject({ fault: "rest", does: "down" }),
  async go(stage, form) {
    const { exchange } = stage;
    await Promise.all([untilRefused(stage, /Cannot ask/), sleep({ short: 30_000, long: 300_000 }[form])]);
    exchange.inject({ fault: "clear" });
    return exchange.status().faults["rest down"] ?? 0;
  },
});

export const tooManyRequests: Scenario = outage({
  name: "outage, 429s",
  promise: "an outage is repaired though REST says every few seconds that too much is asked (429)",
  seconds: { short: 190, long: 660 },
}, {
  async go(stage, form, isRepaired) {
    const { exchange } = stage;
    const refuse = (ms: number) => exchange.inject({ fault: "refuse", status: 429, ms, retryAfter: 2 });
    refuse(LIMIT_MS);
    await untilRefused(stage, /HTTP 429/);
    const end = performance.now() + { short: 60_000, long: 180_000 }[form];
    do {
      refuse(3_000);
      await sleep(6_000);
    } while (!isRepaired() && performance.now() < end);
    return exchange.status().faults.refuse ?? 0;
  },
});

export const addressBanned: Scenario = outage({
  name: "outage, 418",
  promise: "an outage is repaired after a ban (418), and hardly anything is asked while it lasts",
  seconds: { short: 220, long: 660 },
}, {
  async go(stage, form) {
    const { exchange, problems } = stage;
    const ms = { short: 60_000, long: 120_000 }[form];
    exchange.inject({ fault: "refuse", status: 418, ms, retryAfter: ms / 1_000 });
    await Promise.all([untilRefused(stage, /HTTP 418/), sleep(ms)]);
    const { refuse = 0 } = exchange.status().faults;
    if (refuse > MOST_BANNED) problems.push(`${refuse} requests were sent in spite of a ban`);
    return refuse;
  },
});

/** Each process finds out by itself, and may have asked for several symbols at once. */
const MOST_BANNED = 8;
const KILLS = 5;

export const repairKilled: Scenario = outage({
  name: "outage, repair killed",
  promise: "an outage is repaired though the worker is killed five times while it repairs",
  seconds: { short: 220, long: 660 },
}, {
  async go(stage, _form, isRepaired) {
    const { exchange, workers, random, sql } = stage;
    // So that there is something left to do each time.
    exchange.inject({ fault: "rest", does: "slow", delay: 1_000 });
    let kills = 0;
    for (let holder = ""; kills < KILLS && !isRepaired(); kills++) {
      holder = await until("a worker to have the right to repair", async () => {
        const [lease] = await sql`select holder from websocket.repair_lease where until > now()`;
        return lease?.holder !== holder && lease?.holder;
      }, LIMIT_MS);
      await sleep(random(3_000));
      await workers.end(workers.of("repair")[0], "SIGKILL");
      workers.start("repair");
    }
    if (kills < KILLS) stage.problems.push(`all was repaired after ${kills} kills`);
    exchange.inject({ fault: "clear" });
    return kills;
  },
});

export const twoRepairWorkers: Scenario = outage({
  name: "outage, two repair workers",
  promise: "two repair workers keep to the weight that all may use together, which is a tenth",
  seconds: { short: 180, long: 900 },
  setting: { repairs: 2, variables: { BINANCE_WEIGHT_PERCENT: "10" } },
});
