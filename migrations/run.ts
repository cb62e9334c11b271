import type { Log } from "../shared/log.ts";
import type { Sql } from "../shared/postgres.ts";
import { transact } from "../shared/postgres_transaction.ts";
import { requireServer, SchemaError } from "../shared/schema.ts";

/** Any number will do as long as every migrator takes the same: this one spells "book" in ASCII. */
const LOCK = 0x626f6f6b;

const folder = new URL("./", import.meta.url);

/** The numbered files of this folder, in order. */
async function list(): Promise<{ number: number; name: string }[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  return names.filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort()
    .map((name) => ({ number: Number(name.slice(0, 4)), name }));
}

/**
 * Applies the migrations that the database lacks, each in a transaction of its own, with no timeout: any number of migrators
 * may run at once. The lock is each transaction's, not the session's, which behind a pooler would be another's next.
 * Returns the schema's number.
 * @throws {SchemaError} where the server is too old, or a newer version of Bookline made the schema
 */
export async function migrate(sql: Sql, log: Log): Promise<number> {
  await requireServer(sql);
  const migrations = await list();
  const newest = migrations.at(-1)!.number;
  const inTurn = (statements: string) =>
    transact(sql, `select pg_advisory_xact_lock(${LOCK}); ${statements}`, "0");

  await inTurn(await Deno.readTextFile(new URL("setup.sql", folder)));
  for (;;) {
    const [{ current }] = await sql`
      select coalesce(max(number), 0)::int as current from websocket.migrations`;
    if (current > newest) {
      throw new SchemaError(
        `The database has schema ${current}, made by a newer Bookline; this one knows ${newest}. ` +
          "Update Bookline, or point DB_URL at another database.",
      );
    }
    const next = migrations.find(({ number }) => number > current);
    if (!next) return newest;
    const statements = await Deno.readTextFile(new URL(next.name, folder));
    try {
      await inTurn(`
        insert into websocket.migrations (number, name) values (${next.number}, '${next.name}');
        ${statements}`);
      log.info("applied", { migration: next.name });
    } catch (error) {
      // Another migrator has applied it since.
      if ((error as { constraint_name?: string }).constraint_name !== "migrations_pkey") throw error;
    }
  }
}
