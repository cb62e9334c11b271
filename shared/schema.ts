import type { Sql } from "./postgres.ts";

/** The schema and this program do not fit together; a person must act. */
export class SchemaError extends Error {
  override name = "SchemaError";
}

/** The least version that has what the migrations use: PostgreSQL 14, whose functions may have a body of statements. */
const LEAST_VERSION = 140_000;

/** @throws {SchemaError} where the server is too old, or the database can't hold every symbol, such as 币安人生USDT */
export async function requireServer(sql: Sql): Promise<void> {
  const [server] = await sql`
    select
      current_setting('server_version') as version,
      current_setting('server_version_num')::int as number,
      current_setting('server_encoding') as encoding,
      current_database() as name`;
  if (server.number < LEAST_VERSION) {
    throw new SchemaError(
      `Cannot use the server as PostgreSQL must be 14 or later: it is ${server.version}. Upgrade it, or point DB_URL at another`,
    );
  }
  if (server.encoding !== "UTF8") {
    throw new SchemaError(
      `Cannot use the database ${server.name} as its encoding must be UTF8: it is ${server.encoding}. Make another and point ` +
        `DB_URL at it: create database bookline encoding 'UTF8' locale 'C' template template0`,
    );
  }
}

/** The number of the newest migration that the database has had; 0 for a database without any. */
export async function schemaNumber(sql: Sql): Promise<number> {
  const [{ made }] = await sql`select to_regclass('websocket.migrations') is not null as made`;
  if (!made) return 0;
  const [{ number }] = await sql`select coalesce(max(number), 0)::int as number from websocket.migrations`;
  return number;
}

/** @throws {SchemaError} where the schema is older than `least` */
export async function requireSchema(sql: Sql, least: number): Promise<void> {
  const number = await schemaNumber(sql);
  if (number < least) {
    throw new SchemaError(
      `Cannot use the database as its schema must be ${least} or later: it is ${number}. Run: deno task migrate`,
    );
  }
}
