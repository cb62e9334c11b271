import type { Log } from "../shared/log.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { transact } from "../shared/postgres/transaction.ts";
import { requireServer, SchemaError, schemaNumber } from "../shared/postgres/schema.ts";

/**
 * The key of the migrators' lock: "book" in ASCII. All schemas of a database share the lock, since they share the roles, and two
 * transactions can't alter a role at the same time.
 */
const LOCK = 0x626f6f6b;

const folder = new URL("./", import.meta.url);

/**
 * The text of a file of this folder, for a schema. The files call it websocket, so that they can be run as they are; they use
 * the word for nothing else.
 * @throws {RangeError} if the schema's name is not one that SQL takes without quotes
 */
export async function readStatements(name: string, schema: string): Promise<string> {
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(schema)) {
    throw new RangeError(
      `Cannot use the schema ${schema} as its name must be of lower-case letters, digits and _`,
    );
  }
  return (await Deno.readTextFile(new URL(name, folder))).replace(/\bwebsocket\b/g, schema);
}

/** The numbered files of this folder, in order. */
async function list(): Promise<{ number: number; name: string }[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  return names.filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort()
    .map((name) => ({ number: Number(name.slice(0, 4)), name }));
}

/**
 * Runs statements as one transaction without a timeout, while no other migrator runs any. The lock belongs to the transaction: behind
 * a pooler the session may be another client's next.
 */
export async function runLocked(sql: Sql, statements: string): Promise<void> {
  await transact(sql, `select pg_advisory_xact_lock(${LOCK}); ${statements}`, "0");
}

/**
 * Applies the migrations that the schema lacks, each in its own transaction, and then updates the rights of the roles. Any number of
 * migrators may run at the same time.
 *
 * @param former variables of earlier versions as digits; the migrations read them as the settings `bookline.<name>`
 * @returns the number of the newest migration
 * @throws {SchemaError} if the server is too old, or a newer version of Bookline made the schema
 */
export async function migrate(
  sql: Sql,
  schema: string,
  log: Log,
  former: Record<string, string> = {},
): Promise<number> {
  await requireServer(sql);
  const migrations = await list();
  const newest = migrations.at(-1)!.number;
  const settings = Object.entries(former)
    .map(([name, value]) => `select set_config('bookline.${name}', '${value}', true);`).join("");
  await runLocked(sql, await readStatements("setup.sql", schema));
  for (;;) {
    const current = await schemaNumber(sql, schema);
    if (current > newest) {
      throw new SchemaError(
        `The database has schema ${current}, made by a newer Bookline; this one knows ${newest}. ` +
          "Update Bookline, or point DB_URL at another database.",
      );
    }
    const next = migrations.find(({ number }) => number > current);
    if (!next) break;
    const statements = await readStatements(next.name, schema);
    try {
      const note = `insert into ${schema}.migrations (number, name) values (${next.number}, '${next.name}');`;
      await runLocked(sql, settings + note + statements);
      log.info("applied", { migration: next.name });
    } catch (error) {
      // Another migrator has applied it meanwhile.
      if ((error as { constraint_name?: string }).constraint_name !== "migrations_pkey") throw error;
    }
  }
  await runLocked(sql, await readStatements("grants.sql", schema));
  return newest;
}
