import { ConfigError } from "../config/config.ts";
import type { Database } from "./url.ts";
import { describe } from "../log.ts";
import { SchemaError } from "./schema.ts";

/** A database error in words, with a hint if there is one for it. */
export function databaseFault({ host, port, name }: Database, error: unknown): string {
  const text = describe(error);
  // Its text already says what differs and what to do.
  if (error instanceof SchemaError) return text;
  const code = String((error as { code?: unknown })?.code);
  const hint = /no encryption/.test(text)
    ? ". It needs TLS: add sslmode=require to DB_URL, or better verify-full"
    : code.startsWith("28") // PostgreSQL: appendix A, "Invalid Authorization Specification"
    ? ". See DB_USER and DB_PASSWORD: in .env, what has a $ or # must be in single quotes"
    : "";
  return `Cannot use the database at ${host}:${port}/${name}: ${text}${hint}`;
}

/** The message for a database that neither answers nor fails. `connections` is the greatest number that the worker uses. */
export function noAnswer({ host, port, name }: Database, connections: number): string {
  return `The database at ${host}:${port}/${name} does not answer. This worker uses up to ${connections} connections: ` +
    "a pooler such as PgBouncer may have none left, or the server may be busy";
}

/** The error that the worker ends with: the same error if its text says what to do, otherwise one with the text of `databaseFault`. */
export function explained(database: Database, error: unknown): Error {
  return error instanceof SchemaError || error instanceof ConfigError
    ? error
    : new Error(databaseFault(database, error));
}
