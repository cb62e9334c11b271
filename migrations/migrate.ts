import { explained } from "../shared/database_fault.ts";
import { connect, createDatabase } from "../shared/postgres.ts";
import { transact } from "../shared/postgres_transaction.ts";
import { runWorker, type Worker } from "../shared/worker.ts";
import { makeRoles, readPasswords } from "./roles.ts";
import { migrate } from "./run.ts";

const help = `Brings the database that DB_URL names up to date, and makes it where it does not exist.
Safe to run again, and by several at once.

Usage: deno task migrate [--roles]

  --roles   Also makes the roles bookline_writer (no DDL) and grafana_reader (reads only), with the passwords that
            WRITER_DB_PASSWORD and GRAFANA_DB_PASSWORD say. The database's user must have CREATEROLE.`;

const ROLES = "--roles";

async function prepare({ config, log }: Worker): Promise<void> {
  const passwords = Deno.args.includes(ROLES) ? readPasswords(Deno.env.toObject()) : undefined;
  await createDatabase(config.database, log);
  const sql = connect(config.database, log);
  try {
    log.info("the schema is up to date", { schema: await migrate(sql, log) });
    await transact(sql, `select websocket.make_partitions(${config.bookRetentionDays})`, "0");
    if (passwords) await makeRoles(sql, passwords, log);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

await runWorker(
  "migrate",
  help,
  (worker) =>
    prepare(worker).catch((error) => {
      throw explained(worker.config.database, error);
    }),
  [ROLES],
);
