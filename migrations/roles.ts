import { ConfigError } from "../shared/config/config.ts";
import type { Log } from "../shared/log.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { readStatements, runLocked } from "./run.ts";
import { scramVerifier } from "./scram.ts";

/** The variable that has the password of each role. */
export const passwordVariables = {
  bookline_writer: "WRITER_DB_PASSWORD",
  grafana_reader: "GRAFANA_DB_PASSWORD",
} as const;

/** A password for each role. */
export type Passwords = Record<keyof typeof passwordVariables, string>;

/**
 * Reads the roles' passwords from the environment.
 * @throws {ConfigError} naming each variable that is missing or can't be used
 */
export function readPasswords(env: Record<string, string | undefined>): Passwords {
  const faults = Object.entries(passwordVariables).flatMap(([role, variable]) => {
    const password = env[variable] ?? "";
    // Programs differ in how they normalise other characters (RFC 4013): some would be refused.
    if (/^[\x21-\x7e]+$/.test(password)) return [];
    const why = password === "" ? "is missing" : "must be of printable ASCII characters without spaces";
    return `Cannot use ${variable}, the password of the role ${role}: it ${why}. To make one: openssl rand -hex 24`;
  });
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  return {
    bookline_writer: env[passwordVariables.bookline_writer]!,
    grafana_reader: env[passwordVariables.grafana_reader]!,
  };
}

/**
 * Makes or updates the roles `bookline_writer`, which writes rows and has no DDL, and `grafana_reader`, which reads. It gives them the
 * passwords, and their rights in the schema.
 * @throws {ConfigError} if the database's user may not make roles
 */
export async function makeRoles(
  sql: Sql,
  schema: string,
  passwords: Passwords,
  log: Log,
): Promise<void> {
  const [{ user, able }] = await sql`
    select rolname as user, rolsuper or rolcreaterole as able from pg_roles where rolname = current_user`;
  if (!able) {
    throw new ConfigError(
      `Cannot make the roles as the user ${user} has no CREATEROLE. ` +
        "Give it that, or leave out --roles: the workers can use the database as any user that may write",
    );
  }
  const [roles, grants] = await Promise.all(
    ["roles.sql", "grants.sql"].map((name) => readStatements(name, schema)),
  );
  // A verifier has only letters, digits and +/=$:- so it needs no escaping.
  await runLocked(
    sql,
    `select
      set_config('bookline.writer_verifier', '${scramVerifier(passwords.bookline_writer)}', true),
      set_config('bookline.reader_verifier', '${scramVerifier(passwords.grafana_reader)}', true);
    ${roles} ${grants}`,
  );
  log.info("the roles are up to date", { roles: Object.keys(passwordVariables).join() });
}
