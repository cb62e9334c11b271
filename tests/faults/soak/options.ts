import { parseArgs } from "node:util";

export const help =
  `Breaks everything on purpose, over and over, and compares the tables with what was sent, row by row.

Usage: deno task soak [options]

  --cluster     plays the faults of a Kafka of three brokers instead
  --repair      plays outages instead, after which candles and trades are fetched: with nothing else in the way, with REST
                down, with 429s, with a ban, with the repair worker killed, and with two of them
  --minutes N   how long; default: 30. From 20 minutes on, of outages from 60, each fault has its long form: there
                an outage lasts 7 minutes instead of one
  --seed N      repeats the order, markets and moments of a run; default: random, and printed
  --json        prints the results as JSON, and nothing else on standard output
  -h, --help    prints this

Exits with 0 if nothing was lost, untold, doubled, wrong or overclaimed and every promise was kept, otherwise with 1.`;

export interface Options {
  readonly cluster: boolean;
  readonly repair: boolean;
  readonly minutes: number;
  readonly seed: number;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws {Error} naming the option that is wrong */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      cluster: { type: "boolean", default: false },
      repair: { type: "boolean", default: false },
      minutes: { type: "string", default: "30" },
      seed: { type: "string", default: String(crypto.getRandomValues(new Uint16Array(1))[0]) },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.cluster && values.repair) {
    throw new Error("Cannot use --repair with --cluster as each plays faults of its own: use one of them");
  }
  return { ...values, minutes: number("minutes", values.minutes, 1), seed: number("seed", values.seed, 0) };
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(
    `Cannot use --${name} as it must be a whole number from ${least}: current value is "${text}"`,
  );
}
