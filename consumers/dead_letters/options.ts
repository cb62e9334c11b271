import { parseArgs } from "node:util";
import { ConfigError } from "../../shared/config/config.ts";
import type { Filter } from "./letter.ts";

export const help =
  `Dead letters: messages that could not be decoded or stored, with their bytes as they came.

Usage:
  deno task dlq list                 how many there are, by topic and cause, and what was done about them
  deno task dlq show TOPIC           the newest 20 of a topic, such as order_book_data
  deno task dlq replay TOPIC         sends the waiting ones to their topic again, the oldest first. Those that are still bad come
                                     back as new dead letters. Each is sent once; incomplete ones are refused
  deno task dlq drop TOPIC           gives up the waiting ones: no replay sends them. Needs --reason TEXT, which is kept with
                                     them. Kafka's retention deletes them later

Options:
  --cause TEXT                       only those whose cause contains this text, in any case
  --since TIME                       only those that came here since then: 2026-11-27, 2026-11-27T08:00Z
  --offset P:N                       only this one, as named by show
  --limit N                          at most this many
  --again                            replay: also those that were replayed before
  --dry-run                          replay, drop: shows what would be done, and does nothing

Configured by the environment, as the workers are: see .env.example.`;

/** The commands with the options that each has. */
const commands = {
  list: [],
  show: ["cause", "since", "offset", "limit"],
  replay: ["cause", "since", "offset", "limit", "again", "dry-run"],
  drop: ["cause", "since", "offset", "limit", "reason", "dry-run"],
} as const satisfies Record<string, readonly string[]>;

/** What is asked for. */
export interface Request {
  readonly command: keyof typeof commands;
  /** Without the prefix; empty for list. */
  readonly topic: string;
  readonly filter: Filter;
  readonly limit?: number;
  /** Empty except for drop. */
  readonly reason: string;
  readonly again: boolean;
  readonly isDryRun: boolean;
}

/**
 * Reads the command line; undefined if help is wanted.
 * @throws {ConfigError} saying what is wrong with it
 */
export function readRequest(args: string[]): Request | undefined {
  const { values, positionals } = parse(args);
  if (values.help || positionals.length === 0) return undefined;
  const [word, topic = "", ...more] = positionals;
  if (!isCommand(word) || more.length > 0 || (word === "list") !== (topic === "")) {
    throw new ConfigError(`Cannot do "${positionals.join(" ")}": see --help`);
  }
  const allowed: readonly string[] = commands[word];
  for (const option of Object.keys(values)) {
    check(allowed.includes(option), option, `${word} has no such option`);
  }
  const { cause, since, offset, limit, reason = "", again = false } = values;
  check(/^\d+:\d+$/.test(offset ?? "0:0"), "offset", "it must be a partition and an offset, such as 0:17");
  check(/^[1-9]\d{0,8}$/.test(limit ?? "1"), "limit", "it must be a whole number above 0");
  check(word !== "drop" || reason.trim() !== "", "reason", 'drop needs one, as --reason "frames of a test"');
  return {
    command: word,
    topic,
    filter: { cause, since: since === undefined ? undefined : timeOf(since), offset },
    limit: limit === undefined ? undefined : Number(limit),
    reason,
    again,
    isDryRun: values["dry-run"] ?? false,
  };
}

const isCommand = (word: string): word is Request["command"] => Object.hasOwn(commands, word);

function check(isRight: boolean, option: string, why: string): void {
  if (!isRight) throw new ConfigError(`Cannot use --${option}: ${why}`);
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        cause: { type: "string" },
        since: { type: "string" },
        offset: { type: "string" },
        limit: { type: "string" },
        reason: { type: "string" },
        again: { type: "boolean" },
        "dry-run": { type: "boolean" },
      },
    });
  } catch (error) {
    throw new ConfigError(`${(error as Error).message}: see --help`);
  }
}

/** ms since the epoch of an ISO 8601 time; one without a zone is UTC. */
function timeOf(text: string): number {
  const [, day, time = "00:00", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const ms = Date.parse(`${day}T${time}${zone}`);
  check(!Number.isNaN(ms), "since", "it must be a time such as 2026-11-27 or 2026-11-27T08:00Z");
  return ms;
}
