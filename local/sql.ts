import { ConfigError, readConfig } from "../shared/config/config.ts";
import { requireDeno } from "../shared/deno_version.ts";
import { createLog, describe } from "../shared/log.ts";
import { databaseFault } from "../shared/postgres/fault.ts";
import { connect } from "../shared/postgres/mod.ts";
import { MOST_ROWS, query } from "./sql/query.ts";
import { layOut } from "./sql/table.ts";
import { databaseUrl } from "./up/data_hint.ts";
import { readUpDatabase } from "./up/database_file.ts";

const help = `Shows the rows of a query, without psql. The query can't change anything.

Usage:
  deno task sql                    the newest candle of each symbol
  deno task sql --url              the database's URL with its password, as for: psql "$(deno task -q sql --url)"
  deno task sql 'select …'         the rows of one statement, at most ${MOST_ROWS.toLocaleString("en-US")}

The database is that of the \`deno task up\` that runs in this project, unless DB_URL, DB_USER and DB_PASSWORD name another.
docs/data.md has each table with a query. Times are UTC.`;

/** The newest candle of each symbol. */
const newestCandles = (schema: string): string => `
  select symbol, open_time, close, volume, is_closed
  from ${schema}.symbols cross join lateral (
    select open_time, close, volume, is_closed from ${schema}.kline_data as candle
    where candle.symbol = symbols.symbol and interval = '1m' order by open_time desc limit 1
  ) as newest
  order by symbol`;

async function main(args: readonly string[]): Promise<void> {
  if (args.some((arg) => arg === "--help" || arg === "-h")) return console.log(help);
  requireDeno();
  const env = Deno.env.toObject();
  const given = env.DB_URL?.trim() ?? "";
  const up = await readUpDatabase(given);
  if (!up && given === "") {
    throw new ConfigError(
      "Cannot find a database: deno task up does not run in this project, and DB_URL names none",
    );
  }
  const { database } = readConfig({ ...env, ...up?.env }, ["database"]);
  if (args[0] === "--url") return console.log(databaseUrl({ database }, true));
  console.error(
    `Database ${database.name} at ${database.host}:${database.port}${up ? `: ${up.headline}` : ""}`,
  );
  const sql = connect(database, createLog("sql", "warn"));
  try {
    await sql`select`.catch((error) => {
      throw new Error(databaseFault(database, error));
    });
    const statement = args.length > 0 ? args.join(" ") : newestCandles(database.schema);
    const { columns, rows, isCut } = await query(sql, statement);
    console.log(layOut(columns, rows));
    console.error(
      isCut
        ? `The first ${MOST_ROWS} rows: add a limit`
        : `${rows.length} ${rows.length === 1 ? "row" : "rows"}`,
    );
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    const advice = code === "3F000" || code === "42P01"
      ? ". Run `deno task migrate` first, or see docs/data.md"
      : "";
    throw new Error(`Cannot run this query: ${describe(error)}${advice}`);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

try {
  await main(Deno.args);
} catch (error) {
  console.error(describe(error));
  Deno.exit(error instanceof ConfigError ? 78 : 1);
}
