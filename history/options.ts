import { parseArgs } from "node:util";
import { ConfigError } from "../shared/config/config.ts";
import { lengthOf } from "./interval.ts";
import { DAY, type Span } from "./plan.ts";

/** What the command line asks for. */
export interface Request extends Span {
  /** Names of streams. */
  readonly streams: readonly string[];
  /** Upper case; undefined for those of SYMBOLS. */
  readonly symbols?: readonly string[];
  /** Undefined for those of KLINE_INTERVALS. */
  readonly intervals?: readonly string[];
  /** Whether candles are compared with REST. */
  readonly audit: boolean;
}

/** The exchange's first day. */
const FIRST_DAY = "2017-07-14";

/**
 * Reads the command line; undefined if help is wanted. `until` is the end of the day that `--to` names, or `now`.
 * @throws {ConfigError} naming the option that is wrong, what is wrong with it, and what would be right
 */
export function readRequest(
  args: string[],
  known: readonly string[],
  usual: string,
  now: number,
): Request | undefined {
  const { help, from, to, streams = usual, symbols, intervals, audit = false } = parse(args);
  if (help) return undefined;
  if (from === undefined) throw new ConfigError("Cannot import without --from. Example: --from 2024-01-01");
  const since = dayOf("from", from);
  const until = to === undefined ? now : Math.min(now, dayOf("to", to) + DAY);
  check(since < now, "from", `it must not be after today: it is ${from}`);
  check(since < until, "to", `it must not be before --from ${from}: it is ${to}`);
  const named = listOf("streams", streams);
  for (const stream of named) {
    check(known.includes(stream), "streams", `it must name some of ${known.join(", ")}: it names ${stream}`);
  }
  const chosen = intervals === undefined ? undefined : listOf("intervals", intervals);
  chosen?.forEach((interval) => requireLength(interval, "--intervals"));
  const wanted = symbols === undefined ? undefined : listOf("symbols", symbols.toUpperCase());
  for (const symbol of wanted ?? []) {
    check(
      /^[\p{L}\p{N}_]{1,40}$/u.test(symbol),
      "symbols",
      `${symbol} is no symbol. Example: BTCUSDT,ETHUSDT`,
    );
  }
  return { since, until, streams: named, symbols: wanted, intervals: chosen, audit };
}

/** @throws {ConfigError} if the interval's candles are longer than a day, or it is none; `name` is where it comes from */
export function requireLength(interval: string, name: string): void {
  if (lengthOf(interval) !== undefined) return;
  throw new ConfigError(
    `Cannot use ${name}: it must name intervals of up to a day, such as 1m,1h: it names ${interval}. ` +
      "The function candles makes longer candles of those of a minute",
  );
}

function parse(args: string[]) {
  try {
    const text = { type: "string" } as const;
    const { values } = parseArgs({
      args,
      options: {
        help: { type: "boolean", short: "h" },
        audit: { type: "boolean" },
        ...{ from: text, to: text, streams: text, symbols: text, intervals: text },
      },
    });
    return values;
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split(". To specify")[0]}: see --help`);
  }
}

function check(isRight: boolean, option: string, why: string): void {
  if (!isRight) throw new ConfigError(`Cannot use --${option}: ${why}`);
}

function listOf(option: string, text: string): string[] {
  const all = [...new Set(text.split(",").map((part) => part.trim()).filter((part) => part !== ""))];
  check(all.length > 0, option, "it names nothing");
  return all;
}

/** ms since the epoch of the beginning of a day in UTC. */
function dayOf(option: string, text: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  const isDay = !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
  check(isDay, option, `it must be a day such as 2024-01-31: it is ${JSON.stringify(text)}`);
  check(
    text >= FIRST_DAY,
    option,
    `it must not be before ${FIRST_DAY}, when the exchange opened: it is ${text}`,
  );
  return time;
}
