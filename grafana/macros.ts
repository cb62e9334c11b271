/** What Grafana knows when it sends a panel's query. */
export interface View {
  readonly from: Date;
  readonly to: Date;
  /** Points that the panel wants at most: its `maxDataPoints`. */
  readonly points: number;
  /** Variables of the dashboard: several values, or one. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * A panel's SQL as Grafana sends it to Postgres: the browser's part (variables, `$__interval`), then the server's
 * (macros). Grafana: templateSrv, `rangeutil.calculateInterval`; pkg/tsdb/grafana-postgresql-datasource/macros.go.
 * @throws {Error} on what Grafana would not know
 */
export function expand(rawSql: string, view: View): string {
  const interval = intervalMs(view);
  const globals = { __interval_ms: `${interval}`, __interval: intervalText(interval) };
  const values: View["variables"] = { ...globals, ...view.variables };
  const value = (name: string) => Object.hasOwn(values, name) ? values[name] : fail(`the variable ${name}`);
  const replaced = rawSql
    .replace(/\$\{(\w+):(\w+)\}/g, (_, name, format) => {
      if (format !== "sqlstring") fail(`the format ${format}`);
      return [value(name)].flat().map((text) => `'${text.replaceAll("'", "''")}'`).join(",");
    })
    .replace(/\$(\w+)(?!\w*\()/g, (_, name) => [value(name)].flat().join(","));
  return replaced.replace(/\$(\w+)\(([^)]*)\)/g, (_, name, argument) => macro(name, argument.trim(), view));
}

function macro(name: string, column: string, { from, to }: View): string {
  switch (name) {
    case "__timeFilter":
      return `${column} BETWEEN '${time(from)}' AND '${time(to)}'`;
    case "__timeFrom":
      return `'${time(from)}'`;
    case "__timeTo":
      return `'${time(to)}'`;
    default:
      return fail(`the macro ${name}`);
  }
}

function fail(what: string): never {
  throw new Error(`Grafana does not know ${what}`);
}

/** Go's RFC3339Nano: no zeros at the end of the fraction. */
function time(at: Date): string {
  return at.toISOString().replace(/\.?0+Z$/, "Z");
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Grafana's round intervals in ms, each with the width below which it is taken. */
const roundIntervals = [
  [1.5 * SECOND, SECOND],
  [3.5 * SECOND, 2 * SECOND],
  [7.5 * SECOND, 5 * SECOND],
  [12.5 * SECOND, 10 * SECOND],
  [17.5 * SECOND, 15 * SECOND],
  [25 * SECOND, 20 * SECOND],
  [45 * SECOND, 30 * SECOND],
  [1.5 * MINUTE, MINUTE],
  [3.5 * MINUTE, 2 * MINUTE],
  [7.5 * MINUTE, 5 * MINUTE],
  [12.5 * MINUTE, 10 * MINUTE],
  [17.5 * MINUTE, 15 * MINUTE],
  [25 * MINUTE, 20 * MINUTE],
  [45 * MINUTE, 30 * MINUTE],
  [1.5 * HOUR, HOUR],
  [2.5 * HOUR, 2 * HOUR],
  [4.5 * HOUR, 3 * HOUR],
  [9 * HOUR, 6 * HOUR],
  [DAY, 12 * HOUR],
  [Infinity, DAY],
] as const;

/** The time between two points of a panel, in ms: a round one, of a second (the panels' least) to a day. */
export function intervalMs({ from, to, points }: Pick<View, "from" | "to" | "points">): number {
  const exact = (to.getTime() - from.getTime()) / points;
  return roundIntervals.find(([below]) => exact < below)![1];
}

/** `10000` → `10s`, `300000` → `5m`: in the greatest unit that is whole. */
export function intervalText(ms: number): string {
  const units = [["d", DAY], ["h", HOUR], ["m", MINUTE], ["s", SECOND]] as const;
  const [unit, width] = units.find(([, width]) => ms % width === 0) ?? fail(`an interval of ${ms} ms`);
  return `${ms / width}${unit}`;
}
