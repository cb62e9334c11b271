import type { cog } from "@grafana/grafana-foundation-sdk";

/** The schema that the dashboard reads: the usual market's. */
export const schema = "websocket";

/** Newer Grafanas call the type grafana-postgresql-datasource and take this as its alias. */
export const dataSource = { type: "postgres", uid: "bookline" };

/** A query of the Postgres data source as a panel keeps it: the SDK has no type for it. */
export interface PostgresQuery extends cog.Dataquery {
  readonly refId: string;
  readonly datasource: typeof dataSource;
  readonly format: "time_series" | "table";
  readonly rawQuery: true;
  readonly rawSql: string;
  readonly editorMode: "code";
}

/**
 * Rows over time: a column `time`, then either columns of numbers, each a series, or `metric`, which names the series, and
 * one number. Ordered by time.
 */
export const series = (rawSql: string, refId = "A"): cog.Builder<PostgresQuery> =>
  query("time_series", rawSql, refId);

/** Rows as they are. */
export const table = (rawSql: string, refId = "A"): cog.Builder<PostgresQuery> =>
  query("table", rawSql, refId);

function query(format: PostgresQuery["format"], rawSql: string, refId: string): cog.Builder<PostgresQuery> {
  const plain = {
    refId,
    datasource: dataSource,
    format,
    rawQuery: true,
    rawSql: unindented(rawSql),
    editorMode: "code",
  };
  // The SDK's mark of a query is a method that it never calls, and that has no place in JSON.
  return { build: () => plain as PostgresQuery };
}

/** Without the indentation that the SQL has in our files: people will read it in Grafana's editor. */
function unindented(text: string): string {
  const lines = text.replace(/^\n|\s+$/g, "").split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  return lines.map((line) => line.slice(Math.min(...indents))).join("\n");
}

/** What is to choose as long as nothing is stored: Grafana 9.4 reports an error if a variable's query has no rows. */
export const noSymbols = "no symbols yet";

/** The chosen symbols. *All* is sorted by volume. */
export const symbols = "array[\${symbol:sqlstring}]::text[]";

/** Whether a row is of a chosen symbol. */
export const chosen = `symbol = any(${symbols})`;

/** How many symbols a panel of lines shows at most: more can't be told apart. */
const MOST_LINES = 20;

/** The chosen symbols that a panel shows: under *All* those of the greatest volume. */
export const shown = `(${symbols})[:${MOST_LINES}]`;

/** The chosen symbols that have panels of their own; in such a panel only its own. */
export const largest = "array[\${largest:sqlstring}]::text[]";

/** The rollups by second; those by minute have the same columns. */
export type Rollup = "order_book" | "trade";

/**
 * The body of a CTE that reads a rollup of the symbols shown in the range: by the second, or by the minute where the panel's interval
 * is that long, since a day of seconds is more than a panel can wait for.
 */
export const rollup = (table: Rollup, columns: string): string =>
  `
        select second as time, symbol, ${columns} from ${schema}.${table}_1s
        where $__interval_ms < 60000 and symbol = any(${shown}) and $__timeFilter(second)
        union all
        select minute as time, symbol, ${columns} from ${schema}.${table}_1m
        where $__interval_ms >= 60000 and symbol = any(${shown}) and $__timeFilter(minute)`.trim();
