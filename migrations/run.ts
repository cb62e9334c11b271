import type { Log } from "../shared/log.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { transact } from "../shared/postgres/transaction.ts";
import { requireServer, SchemaError, schemaNumber } from "../shared/postgres/schema.ts";

/** Any number will do as long as every migrator takes the same: this one spells "book" in ASCII. */
const LOCK = 0x626f6f6b;

const folder = new URL("./", import.meta.url);
const read = (name: string) => Deno.readTextFile(new URL(name, folder));

/** The numbered files of this folder, in order. */
async function list(): Promise<{ number: number; name: string }[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  return names.filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort()
    .map((name) => ({ number: Number(name.slice(0, 4)), name }));
}

/**
 * Runs statements as one transaction with no timeout, one migrator after another. The lock is the transaction's, not the
 * session's, which behind a pooler would be another's next.
 */
export async function inTurn(sql: Sql, statements: string): Promise<void> {
  await transact(sql, `select pg_advisory_xact_lock(${LOCK}); ${statements}`, "0");
}

/**
 * Applies the migrations that the database lacks, each in a transaction of its own: any number of migrators may run at once.
 * Then what the roles may do is brought up to date. Returns the schema's number.
 *
 * @param former what the environment of an earlier version said, in digits; migrations read it as `bookline.<name>`
 * @throws {SchemaError} where the server is too old, or a newer version of Bookline made the schema
 */
export async function migrate(sql: Sql, log: Log, former: Record<string, string> = {}): Promise<number> {
  await requireServer(sql);
  const migrations = await list();
  const newest = migrations.at(-1)!.number;
  const settings = Object.entries(former)
    .map(([name, value]) => `select set_config('bookline.${name}', '${value}', true);`).join("");
  await inTurn(sql, await read("setup.sql"));
  for (;;) {
    const current = await schemaNumber(sql);
    if (current > newest) {
      throw new SchemaError(
        `The database has schema ${current}, made by a newer Bookline; this one knows ${newest}. ` +
          "Update Bookline, or point DB_URL at another database.",
      );
    }
    const next = migrations.find(({ number }) => number > current);
    if (!next) break;
    const statements = await read(next.name);
    try {
      const note = `insert into websocket.migrations (number, name) values (${next.number}, '${next.name}');`;
      await inTurn(sql, settings + note + statements);
      log.info("applied", { migration: next.name });
    } catch (error) {
      // Another migrator has applied it since.
      if ((error as { constraint_name?: string }).constraint_name !== "migrations_pkey") throw error;
    }
  }
  await inTurn(sql, await read("grants.sql"));
  return newest;
}
