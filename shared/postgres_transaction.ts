import type { Row, Sql } from "./postgres.ts";

/** A lock that is held for longer is told of, and asked for again. */
const LOCK_TIMEOUT = "10s";

/**
 * What each transaction of ours sets for itself, whatever the server, the database or the role set: a timeout of a few
 * milliseconds would have the same statement tried for ever, and without `synchronous_commit` a server that crashes loses rows
 * whose offsets are committed. Another value than `off`, such as `remote_apply`, is kept. PgBouncer refuses all of this as
 * startup parameters. A setting that the server's version does not know is left out.
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
 * Runs statements as one transaction with our own settings and returns the rows of the last one that has any. They are sent as one, so no pooler can part them, and nothing of
 * the session is used. A lock is waited for up to 10 s, or for as long as `lockTimeout` says (0: without end).
 * @throws {postgres.PostgresError} what the server answers; nothing is done then
 */
export async function transact(sql: Sql, statements: string, lockTimeout = LOCK_TIMEOUT): Promise<Row[]> {
  // The first statement gives a result, and so does each that has rows: the second one is of the settings.
  const results = await sql.unsafe<Row[][]>(settings(lockTimeout) + statements).simple();
  return results.slice(2).at(-1) ?? [];
}
