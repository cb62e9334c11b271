import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { untilCovered } from "../coverage.ts";
import { readGaps } from "../judge/gaps.ts";
import type { Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage, untilSubscribed } from "../stage.ts";

const producers = [{ PRODUCER_NAME: "first" }, { PRODUCER_NAME: "second" }];
/** For how long the exchange refuses connections, in ms. */
const REFUSED_MS = 2_000;
/** For how long of that both producers are away at least, in ms. */
const OVERLAP_MS = 200;

export const lossesOverlap: Scenario = {
  name: "losses overlap by 0.2 s",
  promise:
    "of two producers' losses only what both missed is a gap, though they overlap by a fraction of a second",
  gaps: "recorded",
  seconds: { short: 30, long: 80 },
  setting: { producers },
  async run(stage, form) {
    const { exchange, config } = stage;
    const times = { short: 2, long: 8 }[form];
    let longest = 0;
    for (let n = 0; n < times; n++) {
      await untilCovered(stage, 2);
      const since = Date.now();
      exchange.inject({ fault: "refuse", status: 503, ms: REFUSED_MS });
      for (const route of ["public", "market"]) {
        exchange.inject({ fault: "drop", connection: connectionsOf(stage, route)[n % 2] });
      }
      await sleep(REFUSED_MS - OVERLAP_MS - (Date.now() - since));
      exchange.inject({ fault: "drop" });
      await untilSubscribed(exchange, config, 2);
      longest = Math.max(longest, await recovery(stage, since));
    }
    await untilCovered(stage, 2);
    return { injected: times, recovery: longest };
  },
};

const MUTE = "ethusdt@bookTicker";

export const muteBesideReconnect: Scenario = {
  name: "mute beside a lost connection",
  promise:
    "a stream that is mute for one producer has a gap while the other one reconnects, and no other stream has",
  gaps: "recorded",
  seconds: { short: 40, long: 90 },
  setting: { producers, variables: { SILENCE_SECONDS: "4" } },
  async run(stage, form) {
    const { exchange, config, workers } = stage;
    const times = { short: 1, long: 4 }[form];
    const found = () =>
      workers.of("book:produce").flatMap(({ lines }) => lines).filter((line) =>
        line.includes(`feeds went mute and are subscribed again feeds=${MUTE}`)
      ).length;
    let longest = 0;
    for (let n = 0; n < times; n++) {
      await untilCovered(stage, 2);
      const before = found();
      const [mute, lost] = connectionsOf(stage, "public");
      const since = Date.now();
      exchange.inject({ fault: "mute", stream: MUTE, cure: "resubscribe", connection: mute });
      await sleep(1_000);
      exchange.inject({ fault: "refuse", status: 503, ms: 1_500 });
      exchange.inject({ fault: "drop", connection: lost });
      await untilSubscribed(exchange, config, 2);
      await until("the mute stream to be found", () => found() > before, LIMIT_MS);
      longest = Math.max(longest, await recovery(stage, since));
    }
    await untilCovered(stage, 2);
    return { injected: 2 * times, recovery: longest };
  },
  async verify({ sql }) {
    const wrong = (await readGaps(sql)).find(({ feed, to }) => to < Infinity && feed !== MUTE);
    if (wrong) return `a gap of a feed that one producer had: ${JSON.stringify(wrong)}`;
  },
};

/** The connections of a route, the oldest first. */
const connectionsOf = ({ exchange }: Stage, route: string) =>
  exchange.status().connections.filter((one) => one.route === route).map(({ id }) => id);
