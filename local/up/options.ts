import { parseArgs } from "node:util";
import { ConfigError } from "../../shared/config/config.ts";
import type { Feed } from "./feed.ts";

export const help =
  `Runs the whole pipeline on this machine: exchange → Kafka → Postgres. Ctrl-C stops it once all that was received is stored.

Usage: deno task up [options]

  --feed live|simulated|FILE   default: live if the exchange answers within 3 s, otherwise simulated
                               FILE: a recording, .jsonl or .jsonl.gz of combined-stream messages
  --duration 30s               stops after this time (also 5m, 1h); default: at Ctrl-C, or at the recording's end
  --speed N                    plays a recording N times as fast as it was recorded
  --rate N                     plays a recording, or simulates, N messages a second over all streams
  --outage 60s                 cuts the connections of a simulation for so long, 20 s after its start; the gaps are repaired
  --fresh[=DATABASE]           first clears the tables, topics and offsets of this feed. On your own servers, name
                               the database, unless the feed is a simulation or a recording
  --json                       prints the counts as JSON at the end, and nothing else on standard output
  -h, --help                   prints this

Kafka and Postgres are started here, unless BOOTSTRAP_SERVER or DB_URL name your own. A simulation has its own database,
NAME_simulated, and topics, simulated.*; so does each recording.
`;

/** What the user asks for. */
export interface Options {
  /** Absent: whichever is there. */
  readonly feed?: Feed;
  readonly durationMs?: number;
  /** Times as fast as it was recorded. */
  readonly speed?: number;
  /** Messages a second over all streams. */
  readonly rate?: number;
  /** How long the connections of a simulation are cut. */
  readonly outageMs?: number;
  /** Absent: nothing is cleared. `database`: the name that the user gave for what may go. */
  readonly fresh?: { readonly database?: string };
  readonly json: boolean;
  readonly help: boolean;
}

const texts = { feed: "simulated", duration: "30s", speed: "10", rate: "5000", outage: "60s" };
const switches = ["json", "help"] as const;

type Text = keyof typeof texts;
type Switch = (typeof switches)[number];

/**
 * Reads the command line.
 * @throws {ConfigError} naming the option, what is wrong with it, and an example
 */
export function parseOptions(args: readonly string[]): Options {
  const given: Partial<Record<Text, string>> = {};
  const on = new Set<Switch>();
  let fresh: Options["fresh"];
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(Object.keys(texts).map((name) => [name, { type: "string" } as const])),
      ...Object.fromEntries(switches.map((name) => [name, { type: "boolean" } as const])),
      help: { type: "boolean", short: "h" },
      fresh: { type: "boolean" },
    },
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") throw new ConfigError(`Cannot understand ${token.value}: see --help`);
    const { name, rawName, value } = token;
    if (isText(name)) {
      if (!value || (!token.inlineValue && value.startsWith("-"))) throw fault(name, "it needs a value");
      given[name] = value;
    } else if (name === "fresh") {
      if (value === "") throw new ConfigError("Cannot use --fresh=: it names no database");
      fresh = { database: value };
    } else if (isSwitch(name)) {
      if (value !== undefined) throw new ConfigError(`Cannot use ${rawName}=${value}: it takes no value`);
      on.add(name);
    } else throw new ConfigError(`Cannot use ${rawName}: there is no such option, see --help`);
  }

  const options: Options = {
    feed: given.feed === undefined ? undefined : feedOf(given.feed),
    durationMs: given.duration === undefined ? undefined : durationOf("duration", given.duration),
    outageMs: given.outage === undefined ? undefined : durationOf("outage", given.outage),
    speed: positive("speed", given.speed),
    rate: positive("rate", given.rate),
    fresh,
    json: on.has("json"),
    help: on.has("help"),
  };
  refuseMismatch(options);
  return options;
}

function feedOf(text: string): Feed {
  if (text === "live" || text === "simulated") return { kind: text };
  if (/\.jsonl(\.gz)?$/.test(text)) return { kind: "file", file: text };
  throw fault("feed", `${text} is neither live nor simulated nor a .jsonl or .jsonl.gz file`);
}

const unitsMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 };

function durationOf(name: Text, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const ms = Number(number) * unitsMs[unit];
  // setTimeout's limit, 24 days.
  if (ms > 0 && ms < 2 ** 31) return ms;
  throw fault(name, `${text} is no time in seconds, minutes or hours, 500h at most`);
}

function positive(name: Text, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw fault(name, `${text} is no number above 0`);
}

/** The pace can be set of what is played here; a simulated market has no recorded pace to speed up. */
function refuseMismatch({ feed, speed, rate, outageMs }: Options): void {
  if (outageMs !== undefined && feed?.kind !== "simulated") {
    throw fault("outage", "it is for --feed simulated");
  }
  if (speed !== undefined && rate !== undefined) {
    throw fault("speed", "--rate is given too, and either sets the pace");
  }
  if (speed !== undefined && feed?.kind !== "file") throw fault("speed", "it is for recordings: --feed FILE");
  if (rate !== undefined && (feed === undefined || feed.kind === "live")) {
    throw fault("rate", "it is for --feed simulated or --feed FILE");
  }
}

const isText = (name: string): name is Text => Object.hasOwn(texts, name);
const isSwitch = (name: string): name is Switch => (switches as readonly string[]).includes(name);

function fault(name: Text, why: string): ConfigError {
  return new ConfigError(`Cannot use --${name}: ${why}. Example: --${name} ${texts[name]}`);
}
