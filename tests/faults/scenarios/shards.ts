import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { killProducers, startProducers, untilCovered, untilReadOnce } from "../coverage.ts";
import { EARLY_MS } from "../judge/bounds.ts";
import { type Interval, readGaps } from "../judge/gaps.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, produceTasks, recovery } from "../stage.ts";

const symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"];
const half = { PRODUCER_NAME: "half", SYMBOLS: "BTCUSDT,ETHUSDT" };
const other = { PRODUCER_NAME: "other", SYMBOLS: "SOLUSDT,XRPUSDT" };
const isOfOther = ({ feed }: Interval) => /^(sol|xrp)usdt@/.test(feed);

/** The design: a gap is seen within 10 s of the last coverage. Beside the whole test suite it may take longer. */
const SEEN_MS = { short: 60_000, long: 12_000 };

export const shardKilled: Scenario = {
  name: "one shard killed",
  promise:
    "of two producers with symbols of their own, one is killed: its feeds have a gap that is open within 10 s, the others none",
  gaps: "recorded",
  seconds: { short: 35, long: 120 },
  setting: { symbols, producers: [half, other] },
  async run(stage, form) {
    const { workers, sql, problems } = stage;
    const times = { short: 1, long: 4 }[form];
    let killed = workers.allOf(":produce").slice(2);
    await untilReadOnce(stage);
    for (let n = 0; n < times; n++) {
      await untilCovered(stage, 1);
      const since = Date.now();
      await killProducers(stage, killed, 1);
      await until("the killed producer's feeds to have open gaps", async () => {
        const open = (await readGaps(sql)).filter(({ state }) => state === "open");
        return open.length === produceTasks.length * 2 && open.every(isOfOther);
      }, LIMIT_MS);
      const took = Date.now() - since;
      if (took > SEEN_MS[form]) problems.push(`gaps were open ${took} ms after the kill`);
      killed = startProducers(stage, other);
    }
    await untilCovered(stage, 1);
    return { injected: times, recovery: await recovery(stage, Date.now()) };
  },
  async verify({ sql }) {
    const wrong = (await readGaps(sql)).find((gap) => gap.to < Infinity && !isOfOther(gap));
    if (wrong) return `a gap of a feed whose producer was not killed: ${JSON.stringify(wrong)}`;
  },
};

const rest = symbols.filter((symbol) => symbol !== "ETHUSDT");
/**
 * What a producer received last before its end it may not have told as covered, and what the exchange sent last it may not have received.
 * Of a feed that is not wanted any more that is no gap. A machine that stalls adds to it, in ms.
 */
const STALL_MS = 2_500;
const feedsOut = ["ethusdt@bookTicker", "ethusdt@kline_1m"];

export const symbolTakenOut: Scenario = {
  name: "symbol taken out of SYMBOLS",
  promise:
    "a symbol that is taken out of SYMBOLS and put back has no gap of the time between, whether its producer was stopped, killed, or stopped once the next one ran",
  gaps: "recorded",
  seconds: { short: 45, long: 140 },
  setting: { symbols },
  async run(stage, form) {
    const { workers, sql, problems } = stage;
    const ways = { short: ["killed", "overlapping"], long: ["stopped", "killed", "overlapping"] } as const;
    const unwanted: Interval[] = [];
    const producers = () => workers.allOf(":produce");
    const open = async () => (await readGaps(sql)).filter(({ to }) => to === Infinity);
    await untilReadOnce(stage);
    for (const way of ways[form]) {
      await untilCovered(stage, 1);
      const former = producers();
      if (way === "overlapping") {
        startProducers(stage, { SYMBOLS: rest.join() });
        await until("the next producers to run beside the former", async () => {
          const running = await sql`
            select from websocket.coverage_sessions where status = 'live' and reason = 'open'`;
          return running.length === 2 * former.length;
        }, LIMIT_MS);
      }
      const from = Date.now();
      if (way === "killed") await killProducers(stage, former, 0);
      else await workers.drain(former);
      if (way !== "overlapping") startProducers(stage, { SYMBOLS: rest.join() });
      await untilCovered(stage, 1, rest);
      await until("no gap to go on", async () => (await open()).length === 0, LIMIT_MS);
      await sleep({ short: 5_000, long: 20_000 }[form]);
      for (const gap of await open()) problems.push(`a gap goes on: ${JSON.stringify(gap)}`);
      await workers.drain(producers());
      startProducers(stage);
      await untilCovered(stage, 1);
      const since = from - EARLY_MS - STALL_MS;
      unwanted.push(...feedsOut.map((feed) => ({ feed, from: since, to: Date.now() })));
    }
    return { injected: unwanted.length, recovery: await recovery(stage, Date.now()), unwanted };
  },
};
