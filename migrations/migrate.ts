import { connect, createDatabase } from "../shared/postgres.ts";
import { runWorker } from "../shared/worker.ts";
import { migrate } from "./run.ts";

const help = `Brings the database that DB_URL names up to date, and makes it where it does not exist.
Safe to run again, and by several at once.

Usage: deno task migrate`;

await runWorker("migrate", help, async ({ config, log }) => {
  await createDatabase(config.database, log);
  const sql = connect(config.database, log);
  try {
    log.info("the schema is up to date", { schema: await migrate(sql, log) });
  } finally {
    await sql.end({ timeout: 5 });
  }
});
