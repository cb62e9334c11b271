import postgres from "postgres";
import type { Database } from "./url.ts";
import type { Log } from "../log.ts";
import { openSocket } from "./socket.ts";

export type Sql = postgres.Sql;
export type TransactionSql = postgres.TransactionSql;
export type Row = postgres.Row;

/**
 * Opens a pool of at most `max` connections, which connects at the first query. Close it with `sql.end()`. Notices of the server go to
 * the log. Statements are not prepared: in PgBouncer's transaction mode the next statement may reach another server, and a prepared
 * plan fails after its table is altered.
 */
export function connect(database: Database, log: Log, max = 1, options: { fetch_types?: false } = {}): Sql {
  return postgres({
    host: database.host,
    port: database.port,
    database: database.name,
    username: database.user ?? "postgres",
    password: database.password,
    ssl: false, // the socket does TLS
    ...{ socket: () => openSocket(database) }, // an option that postgres.js' types leave out
    max,
    prepare: false,
    ...options,
    connect_timeout: database.connectTimeout,
    connection: { application_name: database.applicationName ?? "bookline" },
    // RAISE NOTICE in our SQL has the SQLSTATE 00000. The server's own notices, as of "if not exists", have others.
    onnotice: (notice) => notice.code === "00000" && log.info(notice.message, { from: "postgres" }),
  });
}

/**
 * As `connect`, for processes that must survive the end of the server. When a connection starts, postgres.js 3.4.9 queries the types of
 * arrays without awaiting the answer: if the server dies then, an unhandled rejection ends the process. This pool does not query
 * them, so arrays can't be parameters, and `reserve` never returns.
 */
export function connectLasting(database: Database, log: Log, max: number): Sql {
  return connect(database, log, max, { fetch_types: false });
}

/**
 * Makes the database if the server has none of that name.
 * @throws {postgres.PostgresError} if the server refuses the connection or the making
 */
export async function createDatabase(database: Database, log: Log): Promise<void> {
  const sql = connect(database, log);
  try {
    await sql`select`;
  } catch (error) {
    if ((error as { code?: string }).code !== "3D000") throw error;
    const server = connect({ ...database, name: "postgres" }, log);
    try {
      // "create database" can't run in a transaction, so the timeout is set for the session.
      await server`set statement_timeout = 0`;
      await server`create database ${server(database.name)}`;
      await server`reset statement_timeout`;
      log.info("made the database", { name: database.name });
    } catch (failure) {
      // 42P04 and 23505: another process has made it meanwhile.
      if (!["42P04", "23505"].includes((failure as { code?: string }).code ?? "")) throw failure;
    } finally {
      await server.end({ timeout: 5 });
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
}
