import assert from "node:assert/strict";
import { ConfigError } from "../shared/config/config.ts";
import { readPasswords } from "./roles.ts";

Deno.test("a role without a password is refused by the variable's name, with the way to make one", () => {
  assert.throws(
    () => readPasswords({ GRAFANA_DB_PASSWORD: "g" }),
    (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /^Cannot use WRITER_DB_PASSWORD.* is missing.*openssl rand/);
      assert.doesNotMatch(error.message, /GRAFANA/);
      return true;
    },
  );
});

Deno.test("a password that programs may prepare in different ways is refused and not repeated", () => {
  assert.throws(
    () => readPasswords({ GRAFANA_DB_PASSWORD: "g", WRITER_DB_PASSWORD: "pässword" }),
    (error: Error) => /must be of printable ASCII/.test(error.message) && !error.message.includes("pässword"),
  );
});

Deno.test("each role has the password of its variable", () => {
  assert.deepEqual(readPasswords({ GRAFANA_DB_PASSWORD: "g", WRITER_DB_PASSWORD: "w" }), {
    bookline_writer: "w",
    grafana_reader: "g",
  });
});
