import { join } from "node:path";
import { removeIfThere } from "../local/folders.ts";
import { type LocalPostgres, startPostgres } from "../local/postgres.ts";
import { migrate } from "../migrations/run.ts";
import { type Database, parseDatabaseUrl } from "../shared/database_url.ts";
import { createLog } from "../shared/log.ts";
import { connect, createDatabase, type Sql } from "../shared/postgres.ts";

/** A log that keeps a test's output clean. */
export const silent = createLog("test", "error", () => {});

/** A database of a test's own. It is dropped when it is disposed of. */
export interface TestDatabase extends AsyncDisposable {
  readonly sql: Sql;
  readonly config: Database;
}

const folder = join(import.meta.dirname!, "..", ".local", "tests", `postgres-${Deno.pid}`);
let server: LocalPostgres;

// Outside the tests, so that none of them is found to leak the server.
Deno.test.beforeAll(async () => {
  await Deno.mkdir(folder, { recursive: true });
  // What is tested here is not durability: without it, tests take half the time.
  server = await startPostgres({ folder, settings: { fsync: "off" } });
});

Deno.test.afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await removeIfThere(folder);
});

/** A new database without Bookline's schema. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const config = { ...parseDatabaseUrl(server.url), name: `test_${crypto.randomUUID().replaceAll("-", "")}` };
  await createDatabase(config, silent);
  const sql = connect(config, silent, 8);
  return {
    sql,
    config,
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 5 });
      const admin = connect(parseDatabaseUrl(server.url), silent);
      await admin`drop database ${admin(config.name)} with (force)`;
      await admin.end();
    },
  };
}

/** A new database with the newest schema. */
export async function testDatabase(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  await migrate(database.sql, silent);
  return database;
}
