import type { Sql } from "./postgres.ts";

/** The schema and this program do not fit together; a person must act. */
export class SchemaError extends Error {
  override name = "SchemaError";
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
