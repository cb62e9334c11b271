import { parseArgs } from "node:util";
import { schedule } from "./faults/fault.ts";
import type { Feed } from "./feed.ts";
import { usualSymbols } from "./market/instrument.ts";
import { symbolsOf } from "./recording.ts";
import { startExchange } from "./server.ts";

const help = `A simulated exchange with the contract of Binance USD-M's market data.

  --port N          default: a free one
  --host ADDRESS    default: 127.0.0.1
  --symbols A,B     default: ${usualSymbols.join()}; of a file: all that are in it
  --intervals A,B   of candles; default: 1m
  --rate N          messages a second over all streams; default: 200; of a file: as its times say
  --speed N         times as fast as time passes; default: 1
  --seed N          the same seed makes the same market; default: 1
  --file FILE       play a recording, .jsonl or .jsonl.gz of envelopes
  --paused          play nothing before POST /control {"command":"start"}
  --schedule FILE   what is to go wrong, as JSON: [{"at":5000,"every":60000,"inject":{"fault":"drop"}}], times in ms

GET /control/status tells how it stands, GET /control/truth what it has played; POST /control also takes faults, such as
{"fault":"drop"}: they are listed in fault.ts.
`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    symbols: { type: "string" },
    intervals: { type: "string", default: "1m" },
    rate: { type: "string" },
    speed: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    file: { type: "string" },
    paused: { type: "boolean", default: false },
    schedule: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  Deno.exit();
}

const list = (text: string) => text.split(",").map((name) => name.trim()).filter((name) => name !== "");
const number = (name: string, text: string, least: number) => {
  const value = Number(text);
  if (value >= least && Number.isFinite(value)) return value;
  throw new RangeError(`Cannot use --${name} as it must be a number from ${least}: it is ${text}`);
};

const { file } = values;
const given = values.symbols && list(values.symbols.toUpperCase());
const feed: Feed = file ? { kind: "replayed", file, symbols: given || await symbolsOf(file) } : {
  kind: "simulated",
  symbols: given || usualSymbols,
  intervals: list(values.intervals),
  rate: number("rate", values.rate ?? "200", 0.001),
  seed: number("seed", values.seed, 0),
};
const pace = file && values.rate
  ? { rate: number("rate", values.rate, 0.001) }
  : { speed: number("speed", values.speed, 0.001) };

const stopped = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stopped.resolve);
{
  await using exchange = await startExchange({
    feed,
    pace,
    host: values.host,
    port: number("port", values.port, 0),
    paused: values.paused,
    schedule: values.schedule ? schedule.parse(JSON.parse(await Deno.readTextFile(values.schedule))) : [],
  });
  const data = file ? `REPLAYED from ${file}` : `SIMULATED, seed ${values.seed}: no real market`;
  console.log(`exchange listening on ${exchange.url} ${data}`);
  // A feed that fails ends the process; one that is over does not, so that its clients can go on asking.
  await Promise.race([stopped.promise, exchange.finished.then(() => stopped.promise)]);
}
Deno.exit(); // signal listeners would keep the process
