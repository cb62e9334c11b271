import assert from "node:assert/strict";
import { makeRoles } from "../migrations/roles.ts";
import { connect, type Sql } from "../shared/postgres/mod.ts";
import { silent } from "./silent.ts";
import { schema, testDatabase } from "./stack.ts";

/** A migrated database with its roles. The roles stay on the server when the database is dropped, with random passwords. */
export async function withRoles() {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const passwords = { bookline_writer: crypto.randomUUID(), grafana_reader: crypto.randomUUID() };
  await makeRoles(database.sql, schema, passwords, silent);
  const as = (user: keyof typeof passwords) => ({ ...database.config, user, password: passwords[user] });
  const open = (user: keyof typeof passwords) =>
    parts.adopt(connect(as(user), silent), (sql) => sql.end({ timeout: 5 }));
  const writer = open("bookline_writer");
  const reader = open("grafana_reader");
  const kept = parts.move();
  return { database, passwords, as, writer, reader, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export const INSUFFICIENT_PRIVILEGE = "42501";

/** Each statement fails with that SQLSTATE. */
export async function refuses(sql: Sql, code: string, statements: string[]): Promise<void> {
  for (const statement of statements) {
    await assert.rejects(
      () => sql.unsafe(statement),
      (error: { code?: string }) => error.code === code,
      statement,
    );
  }
}
