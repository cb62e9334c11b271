import type { Row, Sql } from "./mod.ts";
import { transact } from "./transaction.ts";

/** The server, the schema or a table is not what this program needs. A person must act. */
export class SchemaError extends Error {
  override name = "SchemaError";
}

/** The oldest version that the migrations work with: PostgreSQL 14 has functions with `begin atomic`. */
const LEAST_VERSION = 140_000;

/** A server and one of its databases. */
export interface Server {
  readonly version: string;
  /** 140000 for version 14. */
  readonly number: number;
  readonly encoding: string;
  readonly name: string;
}

/** Why a database can't be used, in words: the server is too old, or the encoding can't store symbols such as 币安人生USDT. */
export function serverFault({ version, number, encoding, name }: Server): string | undefined {
  if (number < LEAST_VERSION) {
    return `Cannot use the server as PostgreSQL must be 14 or later: it is ${version}. Upgrade it, or point DB_URL at another`;
  }
  if (encoding !== "UTF8") {
    return `Cannot use the database ${name} as its encoding must be UTF8: it is ${encoding}. Make another and point DB_URL at it: ` +
      `create database bookline encoding 'UTF8' locale 'C' template template0`;
  }
}

/** @throws {SchemaError} if the database can't be used */
export async function requireServer(sql: Sql): Promise<void> {
  const [server] = await transact(
    sql,
    `select
      current_setting('server_version') as version,
      current_setting('server_version_num')::int as number,
      current_setting('server_encoding') as encoding,
      current_database() as name`,
  );
  const fault = serverFault(server as Server & Row);
  if (fault) throw new SchemaError(fault);
}

/** The number of the newest migration that the schema has had; 0 if it has had none. */
export async function schemaNumber(sql: Sql, schema: string): Promise<number> {
  const [{ made }] = await transact(sql, `select to_regclass('${schema}.migrations') is not null as made`);
  if (!made) return 0;
  const [{ number }] = await transact(
    sql,
    `select coalesce(max(number), 0)::int as number from ${schema}.migrations`,
  );
  return number;
}

/** @throws {SchemaError} if the schema is older than the migration `least` */
export async function requireSchema(sql: Sql, schema: string, least: number): Promise<void> {
  const number = await schemaNumber(sql, schema);
  if (number < least) {
    throw new SchemaError(
      `Cannot use the database as its schema must be ${least} or later: it is ${number}. Run: deno task migrate`,
    );
  }
}
