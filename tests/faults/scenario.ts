import { untilCovered } from "./coverage.ts";
import { finish } from "./finish.ts";
import { type Interval, readGaps } from "./judge/gaps.ts";
import type { Verdict } from "./judge/verdict.ts";
import type { Servers } from "./servers.ts";
import { openStage, recovery, type Setting, type Stage } from "./stage.ts";

/** How much of it: for every run of the tests, or for hours of soaking. */
export type Form = "short" | "long";

/**
 * Something that breaks, and what is promised of it beside that nothing is lost, doubled or wrong, and that the gap ledger says exactly
 * what is missing.
 */
export interface Scenario {
  /** In the soak's table: "consumer killed". */
  readonly name: string;
  /** What is shown, as a sentence. */
  readonly promise: string;
  /** Whether there must be no gaps, or gaps for what was missed. */
  readonly gaps: "none" | "recorded";
  /** How long it takes about, from an empty stage to the verdict. */
  readonly seconds: Record<Form, number>;
  readonly setting?: Partial<Setting>;
  /** Breaks something, and repairs it if it does not recover by itself. */
  run(stage: Stage, form: Form): Promise<Outcome>;
  /** Looks at the tables when all work has ended; returns what is wrong with them beside what the verdict says. */
  verify?(stage: Stage, verdict: Verdict): Promise<string | undefined>;
}

/** What was done to a stage. */
export interface Outcome {
  /** How often it was broken. */
  readonly injected: number;
  /** The longest time until all was well again, in ms. */
  readonly recovery: number;
  /** Messages that must be dead letters; 0 unless given. */
  readonly dead?: number;
  /** When a feed was in no producer's SYMBOLS: then nothing is missing. */
  readonly unwanted?: readonly Interval[];
  /** Where gaps were repaired. */
  readonly repair?: Repair;
}

/** What became of the gaps of an outage. */
export interface Repair {
  /** Gaps by their state. */
  readonly repaired: number;
  readonly absent: number;
  readonly lost: number;
  /** From the return of the sockets until none of them was left. */
  readonly tookMs: number;
  /** The most weight that the exchange counted in a minute. */
  readonly weight: number;
}

/** What came of a scenario. */
export interface Result extends Omit<Outcome, "dead" | "unwanted"> {
  readonly name: string;
  readonly verdict: Verdict;
  /** Messages on the dead-letter topics. */
  readonly dead: number;
  /** Promises that were not kept, in words. */
  readonly problems: readonly string[];
}

/**
 * Feeds that speak at least every few seconds. One that has been silent for longer is covered since its last message only as far as a
 * look by REST confirmed it: what happens before its next message is told may make a gap that is longer than needed, or not needed.
 */
const usual = {
  ...{ rate: 400, symbols: ["BTCUSDT", "ETHUSDT", "SOLUSDT", "1000PEPEUSDT", "BTCUSDT_261225"] },
  quietMinutes: false,
};

/**
 * Plays a scenario on a stage of its own and compares the tables with the truth.
 * @param leewayMs how much longer than by the design a gap may be at either end, where the machine has much else to do
 * @throws {Error} if it can't be played to its end
 */
export async function play(
  servers: Servers,
  scenario: Scenario,
  form: Form,
  seed: number,
  leewayMs = 0,
): Promise<Result> {
  const { name, gaps, setting } = scenario;
  await using stage = await openStage(servers, { ...usual, ...setting, seed });
  const { problems } = stage;
  await recovery(stage, Date.now());
  // What a feed misses before it was covered for the first time is no gap.
  await untilCovered(stage, 1);
  const began = Date.now();
  const { dead: wanted = 0, unwanted, ...outcome } = await scenario.run(stage, form);
  // A feed whose market stands still before it is covered again has a gap that goes on over the last of what it said.
  await untilCovered(stage, 1);
  const { verdict, dead } = await finish(stage, unwanted, leewayMs);
  // One of each feed goes on, as its producers have ended. Before the market began all feeds were quiet.
  const all = await readGaps(stage.sql);
  const recorded = all.filter(({ to }) => to > began && to < Infinity);
  if (outcome.injected === 0) problems.push("nothing was broken");
  if (dead !== wanted) problems.push(`${dead} dead letters instead of ${wanted}`);
  if (gaps === "none" && recorded.length > 0) {
    problems.push(`a gap without need: ${JSON.stringify(recorded[0])}`);
  }
  if (gaps === "recorded" && recorded.length === 0) {
    problems.push(
      `no gap is recorded but ${JSON.stringify(all.map(({ feed, reason, from }) => [feed, reason, from]))}`,
    );
  }
  const fault = await scenario.verify?.(stage, verdict);
  if (fault) problems.push(fault);
  return { name, ...outcome, verdict, dead, problems };
}
