import type { Fault } from "../../../local/exchange/faults/fault.ts";
import { sleep } from "../../../shared/wait.ts";
import { until } from "../../until.ts";
import { untilCovered } from "../coverage.ts";
import type { Outcome, Scenario } from "../scenario.ts";
import { LIMIT_MS, recovery, type Stage, untilSubscribed } from "../stage.ts";

const tasks = ["book:produce", "kline:produce"];
/** The watchdog's time in scenarios of silence, in s. */
const SILENCE = 4;
/** What a machine that stalls may add to that, in ms. */
const STALL_MS = 30_000;

export const connectionDropped: Scenario = {
  name: "connection dropped",
  promise: "what is missed between a lost connection and the next one is a gap",
  gaps: "recorded",
  seconds: { short: 15, long: 50 },
  run: (stage, form) =>
    again(
      { short: 5, long: 20 }[form],
      (n) => breakConnections(stage, { fault: "drop", code: n % 2 ? 1001 : undefined }),
    ),
};

export const connectionAged: Scenario = {
  name: "connection closed at an age",
  promise: "connections that the exchange closes at a set age are made again, and the gaps are recorded",
  gaps: "recorded",
  seconds: { short: 20, long: 75 },
  async run(stage, form) {
    const { exchange } = stage;
    exchange.inject({ fault: "age", ms: 4_000 });
    await sleep({ short: 13_000, long: 60_000 }[form]);
    exchange.inject({ fault: "clear" });
    await untilSubscribed(exchange, stage.config, 1);
    return { injected: exchange.status().ended.age ?? 0, recovery: await recovery(stage, Date.now()) };
  },
};

export const connectionSilent: Scenario = {
  name: "connection half open",
  promise: "a connection that is open and silent is replaced, and the gap is recorded",
  gaps: "recorded",
  seconds: { short: 15, long: 50 },
  setting: { variables: { SILENCE_SECONDS: String(SILENCE) } },
  run: (stage, form) =>
    again({ short: 1, long: 5 }[form], async () => {
      const took = await breakConnections(stage, { fault: "silence" });
      // A gap ends once the new connection has taken the place of the silent one.
      await untilCovered(stage, 1);
      return took;
    }),
};

export const connectionRefused: Scenario = {
  name: "connection refused",
  promise:
    "a refused connection (429, 451, 503) is explained and retried until it works, and the gap is recorded",
  gaps: "recorded",
  seconds: { short: 20, long: 60 },
  run: (stage, form) =>
    again({ short: 3, long: 9 }[form], async (n) => {
      const { exchange, workers } = stage;
      const status = ([429, 451, 503] as const)[n % 3];
      const since = Date.now();
      // On a busy machine a producer may come back late: it is refused until it has said why.
      exchange.inject({ fault: "refuse", status, ms: LIMIT_MS, ...(status === 429 && { retryAfter: 2 }) });
      exchange.inject({ fault: "drop" });
      const words = new RegExp(status === 429 ? "status 429.*asked again in [12] s" : `status ${status}`);
      // The log says so once a minute.
      await Promise.all(tasks.map((task) =>
        until(`${task} to say ${words}`, async () => {
          return words.test(JSON.stringify(await workers.of(task)[0].report() ?? ""));
        }, LIMIT_MS)
      ));
      exchange.inject({ fault: "clear" });
      await recovery(stage, Date.now());
      return Date.now() - since;
    }),
};

export const serverShutDown: Scenario = {
  name: "server shut down",
  promise:
    "a connection to a server that announces its shutdown is replaced in time, and notices are not dead letters",
  gaps: "none",
  seconds: { short: 20, long: 20 },
  run: (stage) =>
    again(1, async () => {
      const { exchange, workers } = stage;
      exchange.inject({ fault: "notice", text: '{"code":-1003,"msg":"Too many requests"}' });
      const old = highestId(stage);
      const took = await breakConnections(stage, { fault: "notice", text: '{"e":"serverShutdown","E":1}' });
      await until("the old connections to be closed", () => {
        return exchange.status().connections.every(({ id }) => id > old);
      }, LIMIT_MS);
      for (const task of tasks) {
        const notices = (await workers.of(task)[0].report())?.counts.notices;
        if (notices !== 2) stage.problems.push(`${task} counts ${notices} notices instead of 2`);
      }
      return took;
    }),
};

export const streamMute: Scenario = {
  name: "stream mute",
  promise:
    "one mute stream of many is found within the watchdog's time and subscribed again, and the gap is recorded",
  gaps: "recorded",
  seconds: { short: 25, long: 90 },
  setting: { variables: { SILENCE_SECONDS: String(SILENCE) } },
  run: (stage, form) =>
    again({ short: 2, long: 8 }[form], async (n) => {
      const { exchange, workers, problems, sql } = stage;
      const cure = n % 2 ? "reconnect" : "resubscribe";
      const [task, stream] = n % 4 < 2
        ? ["book:produce", "ethusdt@bookTicker"]
        : ["kline:produce", "ethusdt@kline_1m"];
      const found = () =>
        workers.of(task)[0].lines.filter((line) =>
          line.includes(`feeds went mute and are subscribed again feeds=${stream}`)
        ).length;
      const before = found();
      const since = Date.now();
      exchange.inject({ fault: "mute", stream, cure });
      await until("the mute stream to be found", () => found() > before, LIMIT_MS);
      // It looks eight times within that time, and twice before it is sure.
      const took = Date.now() - since;
      // While its symbol does not trade, a mute stream is like a quiet one, which is looked at half as often each time.
      const quiet = await longestPause(stage, "ethusdt@kline_1m", since, since + took);
      const allowed = SILENCE * 1_000 * 1.5 + STALL_MS + 2 * quiet;
      if (took > allowed) {
        problems.push(`a mute stream was found after ${took} ms, of which ${quiet} were quiet`);
      }
      await until("the stream to speak again", async () => {
        const [{ back }] = await sql`
          select bool_or(received_at > ${new Date(since + took)}) as back from (
            select received_at from websocket.order_book_data where symbol = 'ETHUSDT' and ${n % 4 < 2}
            union all
            select received_at from websocket.kline_data where symbol = 'ETHUSDT' and ${n % 4 >= 2}
          ) as stored`;
        return back;
      }, LIMIT_MS);
      // An interval that is shorter than the delay of feeds counts as nothing: the gap would go on.
      await until("the stream to be covered again", async () => {
        const [{ isCovered }] = await sql`
          select exists (select from websocket.coverage where feed = ${stream} and is_live
            and covered_from > ${new Date(since)}
            and covered_to > covered_from + interval '1 s') as "isCovered"`;
        return isCovered;
      }, LIMIT_MS);
      exchange.inject({ fault: "clear" });
      return Date.now() - since;
    }),
};

/** The longest time without a trade, by the frames of a candle, in ms. Times are since the epoch. */
async function longestPause({ exchange }: Stage, stream: string, since: number, to: number): Promise<number> {
  let [newest, longest] = [since, 0];
  const note = (time: number) => {
    longest = Math.max(longest, time - newest);
    newest = time;
  };
  for await (const event of exchange.truth()) {
    const { E: time, k } = event.data as { E: number; k: { n: number } };
    if (event.stream === stream && k.n > 0 && time > since && time < to) note(time);
  }
  note(to);
  return longest;
}

export const framesDisturbed: Scenario = {
  name: "frames twice, late, slow",
  promise: "frames that come twice, out of order or slowly change nothing",
  gaps: "none",
  seconds: { short: 15, long: 35 },
  run: (stage, form) =>
    again({ short: 1, long: 5 }[form], async () => {
      const { exchange } = stage;
      const done = () => exchange.status().faults;
      const before = done();
      exchange.inject({ fault: "duplicated", frames: 500 });
      exchange.inject({ fault: "reordered", frames: 200 });
      exchange.inject({ fault: "slow", bytesPerSecond: 20_000, ms: 3_000 });
      await until("all of it to happen", () => {
        const { duplicated = 0, reordered = 0 } = done();
        return duplicated >= (before.duplicated ?? 0) + 500 && reordered >= (before.reordered ?? 0) + 200;
      }, LIMIT_MS);
      return await recovery(stage, Date.now());
    }),
};

/** Breaks something so many times; returns the longest recovery. */
async function again(times: number, breakOnce: (n: number) => Promise<number>): Promise<Outcome> {
  let longest = 0;
  for (let n = 0; n < times; n++) longest = Math.max(longest, await breakOnce(n));
  return { injected: times, recovery: longest };
}

/** Breaks all connections and waits until they are made again. */
async function breakConnections(stage: Stage, fault: Fault): Promise<number> {
  const { exchange, config, random } = stage;
  await sleep(random(1_000));
  const highest = highestId(stage);
  const since = Date.now();
  exchange.inject(fault);
  await until("the connections to be replaced", () => {
    return exchange.status().connections.filter(({ id }) => id > highest).length === 2;
  }, LIMIT_MS);
  await untilSubscribed(exchange, config, 1);
  // What came on the old connections after `since` is no sign of the new ones.
  await recovery(stage, Date.now());
  return Date.now() - since;
}

const highestId = ({ exchange }: Stage) => Math.max(...exchange.status().connections.map(({ id }) => id));
