import { ConfigError } from "./config.ts";
import type { Database } from "./database_url.ts";
import { describe } from "./log.ts";
import { SchemaError } from "./schema.ts";

/** What went wrong with the database in words, with what to look at where its own text does not tell. */
export function databaseFault({ host, port, name }: Database, error: unknown): string {
  const text = describe(error);
  const code = String((error as { code?: unknown })?.code);
  const hint = /no encryption/.test(text)
    ? ". It wants TLS: add sslmode=require to DB_URL, or better verify-full"
    : code.startsWith("28") // PostgreSQL: appendix A, "Invalid Authorization Specification"
    ? ". See DB_USER and DB_PASSWORD"
    : "";
  return `Cannot use the database at ${host}:${port}/${name}: ${text}${hint}`;
}

/** The error to end with: itself where a person can act on it as it is, else one with the words of `databaseFault`. */
export function explained(database: Database, error: unknown): Error {
  return error instanceof SchemaError || error instanceof ConfigError
    ? error
    : new Error(databaseFault(database, error));
}
