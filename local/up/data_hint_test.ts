import assert from "node:assert/strict";
import { readConfig } from "../../shared/config/config.ts";
import { databaseUrl, dataHint, denoCommand } from "./data_hint.ts";

const config = readConfig({ DB_URL: "jdbc:postgresql://db.example.org/market?user=me&password=s%26cret" });

Deno.test("a user's own password is never shown", () => {
  assert.deepEqual(dataHint(config, false, "deno"), [
    "deno task sql",
    "psql postgres://me@db.example.org:5432/market",
  ]);
});

Deno.test("the local database's password is, for the command to work as it is", () => {
  assert.equal(dataHint(config, true)[1], "psql postgres://me:s%26cret@db.example.org:5432/market");
});

Deno.test("an IPv6 address stands in brackets, and TLS is as the user has it", () => {
  const own = readConfig({ DB_URL: "postgres://[::1]/a%20b?sslmode=require" });
  assert.equal(databaseUrl(own, true), "postgres://[::1]:5432/a%20b?sslmode=require");
});

Deno.test("a user who has Deno by npx alone is shown commands that begin so", () => {
  assert.equal(denoCommand("/home/me/.npm/_npx/7a40/node_modules/deno/deno", "2.9.6"), "npx -y deno@2.9.6");
  assert.equal(denoCommand("/home/me/.deno/bin/deno", "2.9.6"), "deno");
});
