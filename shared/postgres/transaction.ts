import type { Row, Sql } from "./mod.ts";

/** How long a statement waits for a lock; then the wait is logged and the statement tried again. */
const LOCK_TIMEOUT = "10s";

/**
 * The settings of each transaction of ours. They override those of the server, the database and the role: with a timeout of a few
 * milliseconds the same statement would be retried for ever, and with `synchronous_commit` off a server that crashes loses rows
 * whose offsets are committed. Other values of `synchronous_commit`, such as `remote_apply`, are kept. They are not startup
 * parameters, since PgBouncer refuses those. A setting that the server's version does not know is left out.
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
 * Runs statements as one transaction with our own settings and returns the rows of the last one that has any. They are sent as
 * one message, so a pooler can't split them between servers, and they use nothing of the session. They wait for a lock for up to
 * 10 s, or as `lockTimeout` says (0: for ever).
 * @throws {postgres.PostgresError} what the server answers; then the transaction is rolled back
 */
export async function transact(sql: Sql, statements: string, lockTimeout = LOCK_TIMEOUT): Promise<Row[]> {
  // The results of statements without rows are left out, except the first one's. The second result is that of the settings.
  const results = await sql.unsafe<Row[][]>(settings(lockTimeout) + statements).simple();
  return results.slice(2).at(-1) ?? [];
}
