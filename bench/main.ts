/** Runs benchmarks by name. Progress goes to standard error, so that standard output is the result alone. */
import { parseArgs } from "node:util";
import { endWithLaunchers } from "../local/launchers.ts";
import { describe } from "../shared/log.ts";
import type { Options, Progress, Result } from "./benchmark.ts";

type Benchmark = { run(progress: Progress, options: Options): Promise<Result> };

/** Each is loaded when it is run. */
const benchmarks: Record<string, () => Promise<Benchmark>> = {
  consumer: () => import("./consumer.ts"),
  producer: () => import("./producer.ts"),
  latency: () => import("./latency.ts"),
  footprint: () => import("./footprint.ts"),
  dashboard: () => import("./dashboard.ts"),
  storage: () => import("./storage.ts"),
  rollup: () => import("./rollup.ts"),
  bars: () => import("./bars.ts"),
  coverage: () => import("./coverage.ts"),
  history: () => import("./history.ts"),
  repair: () => import("./repair.ts"),
};

const all = ["consumer", "producer", "latency", "footprint"];

const help = `Measures Bookline on this machine, with its own servers.

Usage: deno task bench ${Object.keys(benchmarks).join("|")}|all [options]

all are ${all.join(", ")}.

  --runs N         how often each case is measured; default: 3
  --messages N     drained or produced in each run; default: 500000
  --symbols N      whose day repair fetches; default: 500
  --peer pyspark   measures the PySpark job too, beside the consumer
  --json           prints one JSON object instead of tables
  -h, --help       prints this`;

const positive = (name: string, text: string) => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RangeError(`Cannot use --${name} as it must be a positive whole number: it is ${text}`);
};

function read(args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      runs: { type: "string", default: "3" },
      messages: { type: "string", default: "500000" },
      symbols: { type: "string", default: "500" },
      peer: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { help, json, peer } = values;
  const names = positionals.flatMap((name) => name === "all" ? all : [name]);
  const unknown = names.find((name) => !Object.hasOwn(benchmarks, name));
  if (unknown !== undefined) throw new RangeError(`Cannot run ${unknown}: see --help`);
  if (peer !== undefined && peer !== "pyspark") {
    throw new RangeError("Cannot use --peer as it must be pyspark");
  }
  const options: Options = {
    runs: positive("runs", values.runs),
    messages: positive("messages", values.messages),
    symbols: positive("symbols", values.symbols),
    pyspark: peer === "pyspark",
  };
  return { help: help || names.length === 0, json, names, options };
}

/** Runs the benchmarks that are asked for; one that fails does not keep the others from being run. */
async function main(): Promise<void> {
  const { help: isHelp, json: asJson, names, options } = read(Deno.args);
  if (isHelp) return console.log(help);
  const found: Record<string, unknown> = {};
  for (const name of names) {
    try {
      const { run } = await benchmarks[name]();
      const { lines, json } = await run((line) => console.error(`${name}: ${line}`), options);
      Object.assign(found, json);
      if (!asJson) console.log([...lines, ""].join("\n"));
    } catch (error) {
      console.error(`${name}: ${describe(error)}`);
      Deno.exitCode = 1;
    }
  }
  if (asJson) console.log(JSON.stringify(found));
}

try {
  await endWithLaunchers();
  await main();
} catch (error) {
  console.error(describe(error));
  Deno.exitCode = 64;
}
