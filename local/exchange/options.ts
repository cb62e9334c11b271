import { parseArgs } from "node:util";
import { schedule } from "./faults/fault.ts";
import type { Feed } from "./feed.ts";
import type { Cut } from "./market/aggregator.ts";
import { usualSymbols } from "./market/instrument.ts";
import { symbolsOf } from "./recording.ts";
import type { ExchangeOptions } from "./server.ts";

export const help = `A simulated exchange with the contract of Binance's market data.

  --port N          default: a free one
  --host ADDRESS    default: 127.0.0.1
  --symbols A,B     default: ${usualSymbols.join()}; of a file: all that are in it
  --intervals A,B   of candles; default: 1m
  --rate N          messages a second over all streams; default: 200; of a file: as its times say
  --speed N         times as fast as time passes; default: 1
  --seed N          the same seed makes the same market; default: 1
  --file FILE       play a recording, .jsonl or .jsonl.gz of envelopes
  --agg-trades KIND cut: aggregated trades end with their minute, uncut: they may go on into the next one; default: cut;
                    of a file: none are made of its trades
  --paused          play nothing before POST /control {"command":"start"}
  --schedule FILE   what is to go wrong, as JSON: [{"at":5000,"every":60000,"inject":{"fault":"drop"}}], times in ms

GET /control/status shows its state, GET /control/truth what it has played; POST /control also takes faults, such as
{"fault":"drop"}: they are listed in faults/fault.ts.
`;

/**
 * What the command line asks for; "help" if that is it. Reads the files that it names.
 * @throws {Error} naming the option that is wrong and what would be right
 */
export async function readOptions(args: string[]): Promise<ExchangeOptions | "help"> {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: "string", default: "0" },
      host: { type: "string" },
      symbols: { type: "string" },
      intervals: { type: "string", default: "1m" },
      rate: { type: "string" },
      speed: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      file: { type: "string" },
      "agg-trades": { type: "string" },
      paused: { type: "boolean" },
      schedule: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return "help";
  const { file } = values;
  const symbols = values.symbols !== undefined && list("symbols", values.symbols.toUpperCase());
  const rate = values.rate && number("rate", values.rate, 0.001);
  const aggTrades = values["agg-trades"] === undefined ? undefined : cut(values["agg-trades"]);
  const feed: Feed = file
    ? { kind: "replayed", file, symbols: symbols || await symbolsOf(file), aggTrades }
    : {
      kind: "simulated",
      symbols: symbols || usualSymbols,
      intervals: list("intervals", values.intervals),
      rate: rate || 200,
      seed: number("seed", values.seed, 0),
      aggTrades,
    };
  return {
    feed,
    pace: file && rate ? { rate } : { speed: number("speed", values.speed, 0.001) },
    host: values.host,
    port: number("port", values.port, 0),
    paused: values.paused,
    schedule: values.schedule && schedule.parse(JSON.parse(await Deno.readTextFile(values.schedule))) ||
      undefined,
  };
}

function cut(text: string): Cut {
  if (text === "cut" || text === "uncut") return text;
  throw new RangeError(`Cannot use --agg-trades as it must be cut or uncut: it is ${text}`);
}

function list(name: string, text: string): string[] {
  const all = new Set(text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== ""));
  if (all.size > 0) return [...all];
  throw new RangeError(`Cannot use --${name} as it must name one at least: it is ${JSON.stringify(text)}`);
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (value >= least && Number.isFinite(value)) return value;
  throw new RangeError(`Cannot use --${name} as it must be a number from ${least}: it is ${text}`);
}
