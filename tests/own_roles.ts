import { parseDatabaseUrl } from "../shared/postgres/url.ts";
import { connect } from "../shared/postgres/mod.ts";
import { silent } from "./silent.ts";

/** The roles that tests give passwords to. They are the server's, not a database's. */
const names = ["bookline_writer", "grafana_reader"];
const mark = "made by Bookline's tests";

/**
 * Makes the roles that tests use on a server which the environment names.
 * @throws {Error} if others have made them: tests would change the passwords that a running Bookline has
 */
export async function claimRoles(server: string): Promise<void> {
  const sql = connect(parseDatabaseUrl(server), silent);
  try {
    for (const name of names) {
      const [role] = await sql`
        select shobj_description(oid, 'pg_authid') as comment from pg_roles where rolname = ${name}`;
      if (role?.comment === mark) continue;
      if (role) {
        throw new Error(
          `Cannot use TEST_DB_URL: its server has a role ${name} that tests would change. Name another server`,
        );
      }
      await sql.unsafe(`create role ${name}; comment on role ${name} is '${mark.replaceAll("'", "''")}'`)
        .catch(unlessThere);
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Ignores that another process of the tests has made the role meanwhile. PostgreSQL: 42710 duplicate_object, 23505 unique_violation. */
function unlessThere(error: { code?: string }): void {
  if (!["42710", "23505"].includes(error.code ?? "")) throw error;
}
