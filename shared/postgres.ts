import postgres from "postgres";
import type { Database } from "./database_url.ts";
import type { Log } from "./log.ts";
import { openSocket } from "./postgres_socket.ts";

export type Sql = postgres.Sql;
export type TransactionSql = postgres.TransactionSql;

/**
 * Opens a pool of at most `max` connections; it connects at the first query. Close it with `sql.end()`.
 * Notices of the server go to the log.
 */
export function connect(database: Database, log: Log, max = 1, options: { fetch_types?: false } = {}): Sql {
  return postgres({
    host: database.host,
    port: database.port,
    database: database.name,
    username: database.user ?? "postgres",
    password: database.password,
    ssl: false, // the socket sees to it
    ...{ socket: () => openSocket(database) }, // an option that postgres.js' types leave out
    max,
    ...options,
    connect_timeout: database.connectTimeout,
    connection: { application_name: database.applicationName ?? "bookline" },
    // RAISE NOTICE in our own SQL has the SQLSTATE 00000; the server's remarks on "if not exists" have others.
    onnotice: (notice) => notice.code === "00000" && log.info(notice.message, { from: "postgres" }),
  });
}

/**
 * As `connect`, for who is to outlive the server. At each start of a connection postgres.js 3.4.9 asks for the types of arrays
 * and awaits no answer: a server that dies then ends the process by an unhandled rejection. Here it does not ask. In turn
 * arrays are no parameters, and `reserve` would wait for ever.
 */
export function connectLasting(database: Database, log: Log, max: number): Sql {
  return connect(database, log, max, { fetch_types: false });
}

/**
 * Makes the database where the server has none of that name; where we may not look or may not make it, it is left to
 * the first query to say so.
 */
export async function createDatabase(database: Database, log: Log): Promise<void> {
  const sql = connect(database, log);
  try {
    await sql`select`;
  } catch (error) {
    if ((error as { code?: string }).code !== "3D000") throw error;
    const server = connect({ ...database, name: "postgres" }, log);
    try {
      await server`create database ${server(database.name)}`;
      log.info("made the database", { name: database.name });
    } catch (failure) {
      // 42P04 and 23505: another one made it meanwhile.
      if (!["42P04", "23505"].includes((failure as { code?: string }).code ?? "")) throw failure;
    } finally {
      await server.end({ timeout: 5 });
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** SQLSTATE classes and codes that waiting can mend. PostgreSQL: appendix A, "Error Codes". */
const passing = /^(08|53|57P|58)|^(40001|40P01|25006|55P03|57014|55006)$/;

/** Whether waiting can mend this error: no connection, no room, a lock, a fail-over. */
export function isTransient(error: unknown): boolean {
  const code = (error as { code?: unknown })?.code;
  if (typeof code !== "string") return false;
  // Five characters are an SQLSTATE; what is longer is of the network: ECONNREFUSED, CONNECTION_CLOSED.
  return code.length === 5 && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("EPIPE")
    ? passing.test(code)
    : true;
}

/**
 * Whether the database refuses a row for what it holds: a data exception or a broken constraint. Nothing else says that a
 * row is bad, be it a full disk, a missing table or a changed password.
 */
export function isFaultOfContent(error: unknown): boolean {
  return /^2[23][0-9A-Z]{3}$/.test(String((error as { code?: unknown })?.code));
}
