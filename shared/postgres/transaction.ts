import type { Row, Sql } from "./mod.ts";

/** How long a statement waits for a lock. Then it fails, and the caller logs that and tries again. */
const LOCK_TIMEOUT = "10s";

/**
 * The settings of all our transactions. They override those of the server, the database and the role. With a timeout of a few
 * milliseconds a statement would be retried for ever; with `synchronous_commit` off a server that crashes would lose rows whose
 * offsets are committed. Other values of `synchronous_commit`, such as `remote_apply`, are kept. The settings are not startup
 * parameters, since PgBouncer refuses these. A setting that the server's version does not know is left out.
 */
export const ownSettings = settings(LOCK_TIMEOUT);

function settings(lockTimeout: string): string {
  return `
    set transaction isolation level read committed;
    select set_config(name, value, true) from (
      values
        ('statement_timeout', '0'),
        ('transaction_timeout', '0'),
        ('idle_in_transaction_session_timeout', '0'),
        ('lock_timeout', '${lockTimeout}'),
        ('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'))
    ) as own (name, value)
    where current_setting(name, true) is not null;`;
}

/**
 * Runs statements as one transaction with our own settings and returns the rows of the last statement that has any. They are sent as
 * one message, so a pooler can't split them between servers, and they do not depend on the session.
 *
 * @param lockTimeout how long a statement waits for a lock, as Postgres takes it; 0 for no limit
 * @throws {postgres.PostgresError} what the server answers; then the transaction is rolled back
 */
export async function transact(sql: Sql, statements: string, lockTimeout = LOCK_TIMEOUT): Promise<Row[]> {
  // Statements without rows have no result, except the first one. The second result is that of the settings.
  const results = await sql.unsafe<Row[][]>(settings(lockTimeout) + statements).simple();
  return results.slice(2).at(-1) ?? [];
}
