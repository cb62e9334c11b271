import { explained } from "../shared/postgres/fault.ts";
import { checkEnvFile } from "../shared/config/env_file.ts";
import { formerSettings, warnOfFormerSettings } from "../shared/config/former_settings.ts";
import { connect, createDatabase } from "../shared/postgres/mod.ts";
import { schemaNumber } from "../shared/postgres/schema.ts";
import { tidyUp } from "../shared/postgres/tidy_up.ts";
import { runWorker, type Worker } from "../shared/worker.ts";
import { makeRoles, passwordVariables, readPasswords } from "./roles.ts";
import { migrate } from "./run.ts";

const help = `Brings the database that DB_URL names up to date, and creates it if it does not exist.
It is safe to run again, and several times at once.

Usage: deno task migrate [--roles]

  --roles   Also creates the roles bookline_writer (no DDL) and grafana_reader (reads only), with the passwords in
            WRITER_DB_PASSWORD and GRAFANA_DB_PASSWORD. The database's user must have CREATEROLE.`;

const ROLES = "--roles";

/** The migration that reads the variables of earlier versions. */
const READS_FORMER_SETTINGS = 9;

async function prepare({ config, log }: Worker<"database">): Promise<void> {
  const env = Deno.env.toObject();
  const former = formerSettings(env);
  const makesRoles = Deno.args.includes(ROLES);
  if (makesRoles) await checkEnvFile(Object.values(passwordVariables));
  const passwords = makesRoles ? readPasswords(env) : undefined;
  await createDatabase(config.database, log);
  const { schema } = config.database;
  const sql = connect(config.database, log);
  try {
    if (await schemaNumber(sql, schema) >= READS_FORMER_SETTINGS) warnOfFormerSettings(env, log);
    log.info("the schema is up to date", { schema: await migrate(sql, schema, log, former) });
    await tidyUp(sql, schema, log);
    if (passwords) await makeRoles(sql, schema, passwords, log);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

await runWorker({
  name: "migrate",
  slices: ["database"],
  words: [ROLES],
  run: (worker) =>
    prepare(worker).catch((error) => {
      throw explained(worker.config.database, error);
    }),
}, help);
