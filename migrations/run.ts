import type { Log } from "../shared/log.ts";
import type { Sql } from "../shared/postgres.ts";
import { SchemaError } from "../shared/schema.ts";

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
 * Applies the migrations that the database lacks, each in a transaction of its own, under one lock: any number of
 * migrators may run at once. Returns the schema's number.
 * @throws {SchemaError} where a newer version of Bookline made the schema
 */
export async function migrate(sql: Sql, log: Log): Promise<number> {
  const migrations = await list();
  const newest = migrations.at(-1)!.number;
  const connection = await sql.reserve();
  try {
    await connection`select pg_advisory_lock(${LOCK})`;
    await connection.unsafe(await Deno.readTextFile(new URL("setup.sql", folder)));
    const [{ current }] =
      await connection`select coalesce(max(number), 0)::int as current from websocket.migrations`;
    if (current > newest) {
      throw new SchemaError(
        `The database has schema ${current}, made by a newer Bookline; this one knows ${newest}. ` +
          "Update Bookline, or point DB_URL at another database.",
      );
    }
    for (const { number, name } of migrations.filter((one) => one.number > current)) {
      await connection.unsafe("begin;" + await Deno.readTextFile(new URL(name, folder)));
      await connection`insert into websocket.migrations (number, name) values (${number}, ${name})`;
      await connection`commit`;
      log.info("applied", { migration: name });
    }
    return newest;
  } catch (error) {
    await connection`rollback`.catch(() => {});
    throw error;
  } finally {
    // A lost connection has freed the lock.
    await connection`select pg_advisory_unlock_all()`.catch(() => {});
    connection.release();
  }
}
