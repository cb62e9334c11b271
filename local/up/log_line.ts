import { type LogLevel, logLevels } from "../../shared/log.ts";

/** A line of a worker's log. */
export interface LogLine {
  readonly level: LogLevel;
  /** `kline:produce: connected to the exchange …` */
  readonly text: string;
}

/** Reads a line that `shared/log.ts` wrote; undefined for anything else, such as what Deno itself prints. */
export function parseLogLine(line: string): LogLine | undefined {
  const [, word, text] = /^\d{4}-\d\d-\d\dT\S+ (\w+) +(.*)$/.exec(line) ?? [];
  const level = logLevels.find((one) => one === word);
  return level && { level, text };
}

/** The stream and the counts of a worker's last line, `stopped received=5 produced=5 …`; undefined for any other line. */
export function finalCounts(line: LogLine): { stream: string; counts: Record<string, number> } | undefined {
  const [, stream, fields] = /^(\w+):\S+: stopped\b(.*)$/.exec(line.text) ?? [];
  if (fields === undefined) return undefined;
  const counts = [...fields.matchAll(/ ([a-z]+)=(\d+)(?= |$)/gi)].map((
    [, name, count],
  ) => [name, Number(count)]);
  return { stream, counts: Object.fromEntries(counts) };
}
