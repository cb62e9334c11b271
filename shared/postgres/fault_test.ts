import assert from "node:assert/strict";
import { databaseFault, explained } from "./fault.ts";
import { parseDatabaseUrl } from "./url.ts";
import { SchemaError } from "./schema.ts";

const database = parseDatabaseUrl("postgres://user:hidden@db.example.com/market");
const withCode = (code: string, message: string) => Object.assign(new Error(message), { code });

Deno.test("a refused login leads to the variables that it came from, and tells no password", () => {
  const words = databaseFault(database, withCode("28P01", 'password authentication failed for user "user"'));
  assert.equal(
    words,
    "Cannot use the database at db.example.com:5432/market: " +
      'password authentication failed for user "user". See DB_USER and DB_PASSWORD: in .env, what has a $ or # must be ' +
      "in single quotes",
  );
});

Deno.test("a server that takes no connection without TLS leads to sslmode", () => {
  const text = 'no pg_hba.conf entry for host "10.0.0.1", user "user", database "market", no encryption';
  assert.match(databaseFault(database, withCode("28000", text)), /add sslmode=require to DB_URL/);
});

Deno.test("an error that says what to do is left as it is", () => {
  const error = new SchemaError("Run: deno task migrate");
  assert.equal(explained(database, error), error);
  assert.match(explained(database, new Error("gone")).message, /^Cannot use the database at .*: gone$/);
});
