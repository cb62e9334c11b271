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

/** The chosen symbols. There may be none to choose, as long as nothing is stored. */
export const symbols = "array[\${symbol:sqlstring}]::text[]";

/** Whether a row is of a chosen symbol. */
export const chosen = `symbol = any(${symbols})`;

/**
 * The body of a CTE that reads the rollup of the chosen symbols in the range: by the second, or by the minute where the
 * panel's interval is that long, since a day of seconds is more than a panel can wait for.
 */
export const rollup = (columns: string): string =>
  `
        select second as time, symbol, ${columns} from ${schema}.order_book_1s
        where $__interval_ms < 60000 and ${chosen} and $__timeFilter(second)
        union all
        select minute as time, symbol, ${columns} from ${schema}.order_book_1m
        where $__interval_ms >= 60000 and ${chosen} and $__timeFilter(minute)`.trim();

/**
 * A query for a series of each symbol, from one that yields `bin`, `symbol` and `value`: with a row for each interval too that
 * has no value, or the line would be drawn across it.
 */
export const everyBin = (binned: string, name: string, empty = "null"): string => `
      with binned as (
        ${binned.trim()}
      ),
      bins as (
        select bin, symbol from (select distinct symbol from binned) as symbols,
          (select min(bin) as first, max(bin) as last from binned) as span,
          generate_series(first, last, '$__interval') as bin
      )
      select bin as time, symbol as metric, coalesce(value, ${empty}) as ${name}
      from bins left join binned using (bin, symbol) order by bin
    `;
