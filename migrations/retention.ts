import { parseArgs } from "node:util";
import { ConfigError, readConfig } from "../shared/config/config.ts";
import { requireDeno } from "../shared/deno_version.ts";
import { databaseFault } from "../shared/postgres/fault.ts";
import { createLog, describe } from "../shared/log.ts";
import { connect, type Sql } from "../shared/postgres/mod.ts";
import { requireSchema, SchemaError } from "../shared/postgres/schema.ts";
import { changeRetention, type Kept, readChanges, readKept } from "./kept.ts";

const help =
  `Shows what each table keeps, and changes it. Nothing else in Bookline changes it: no setting, no worker.

Usage:
  deno task retention                              what each table keeps, and how much that is
  deno task retention order_book_data 30d          what that change would drop; nothing is changed
  deno task retention order_book_data 30d --yes    changes it; the book's consumer drops what is older
  deno task retention order_book_data all order_book_1s all order_book_1m all --yes
                                                   keeps all from now on

  30d means 30 whole days (UTC) before the newest one; "all" keeps all. Summaries must be kept for at least as long as
  the ticks. DB_URL, DB_USER and DB_PASSWORD name the database, as for the workers; the user must own the tables.`;

const number = new Intl.NumberFormat("en").format;
const days = (count: number | null) =>
  count === null ? "all" : count === 1 ? "1 day" : `${number(count)} days`;

/** A number of bytes with a unit: `1.4 GB`. */
function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

const amount = ({ first, last, count, rows, bytes }: Kept["holds"]) =>
  `${first === null ? "" : `${days(count)}, ${first} to ${last}: `}about ${number(rows)} rows, ${
    size(bytes)
  }`;

async function show(sql: Sql, schema: string): Promise<string> {
  const all = await readKept(sql, schema);
  const width = Math.max(...all.map(({ table }) => table.length));
  return all.map(({ table, keep, holds }) =>
    `${table.padEnd(width)}  keeps ${days(keep).padEnd(10)}  holds ${amount(holds)}`
  ).join("\n");
}

async function change(sql: Sql, schema: string, words: string[], isMeant: boolean): Promise<string> {
  const effects = await changeRetention(sql, schema, readChanges(words), isMeant);
  return effects.map(({ table, before, after, outlived, strays, isHeldBack }) => {
    const verb = isMeant ? "drops" : "would drop";
    const dropped = [
      ...outlived.count > 0 ? [amount(outlived)] : [],
      ...strays > 0 ? [`${number(strays)} rows whose day has no partition`] : [],
    ].join(", and ") || "nothing";
    const later = isHeldBack ? ", but not before it has rows of today or yesterday" : "";
    return `${table}: ${days(after)} instead of ${days(before)}\n  ${verb} ${dropped}${later}`;
  }).join("\n");
}

/** Runs the command; returns its exit code. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" }, yes: { type: "boolean" } },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  requireDeno();
  const { database, logLevel } = readConfig(Deno.env.toObject(), ["database"]);
  const { schema } = database;
  const sql = connect(database, createLog("retention", logLevel));
  try {
    await requireSchema(sql, schema, 12);
    if (positionals.length === 0) {
      console.log(await show(sql, schema));
      return 0;
    }
    console.log(await change(sql, schema, positionals, values.yes ?? false));
    if (values.yes) return 0;
    console.error("Nothing is changed. To change it, say the same with --yes.");
    return 1;
  } catch (error) {
    const { code, hint } = error as { code?: string; hint?: string };
    // P0001: the table's own check refuses the change, in words.
    if (code === "P0001") throw new ConfigError(`Cannot keep that: ${describe(error)}`);
    if (error instanceof ConfigError || error instanceof SchemaError) throw error;
    const advice = code === "42501" ? ". Only the owner of the tables may change what they keep" : hint ?? "";
    throw new Error(databaseFault(database, error) + advice);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  console.error(describe(error));
  Deno.exit(1);
}
