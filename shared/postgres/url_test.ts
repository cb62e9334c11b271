import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDatabaseUrl } from "./url.ts";

Deno.test("a URL without a database, with two hosts or of another server is refused", () => {
  for (const url of ["postgres://host", "postgres://host/", "postgres://host/a/b", "postgres://"]) {
    assert.throws(() => parseDatabaseUrl(url), /^Error: must name|^Error: must be postgres/, url);
  }
  assert.throws(() => parseDatabaseUrl("postgres://a,b/name"), /must name one host/);
  for (
    const url of ["mysql://host/name", "host/name", "", "jdbc:mysql://host/name", "postgres://a:1,b:2/name"]
  ) {
    assert.throws(() => parseDatabaseUrl(url), /must be postgres:\/\/host:5432\/name or jdbc:/, url);
  }
});

Deno.test("a parameter that is not known is refused, and so is a value that makes no sense", () => {
  assert.throws(
    () => parseDatabaseUrl("postgres://h/n?sslrootcert=ca.pem"),
    /the parameter sslrootcert, which/,
  );
  assert.throws(() => parseDatabaseUrl("postgres://h/n?toString=1"), /the parameter toString, which/);
  assert.throws(() => parseDatabaseUrl("postgres://h/n?sslmode=on"), /sslmode=on, which must be one of/);
  assert.throws(
    () => parseDatabaseUrl("jdbc:postgresql://h/n?ssl=1"),
    /ssl=1, which must be one of true, false/,
  );
  assert.throws(() => parseDatabaseUrl("postgres://h/n?connect_timeout=-1"), /must be a number of seconds/);
});

Deno.test("host, port, name, user and password are read as they were written", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1 });
  // A URL takes the dots for steps in a path.
  const name = text.filter((name) => !/\/|^\.\.?$/.test(name));
  fc.assert(
    fc.property(text, text, name, fc.integer({ min: 1, max: 65_535 }), (user, password, name, port) => {
      const part = encodeURIComponent;
      const url = `postgresql://${part(user)}:${part(password)}@db.example.org:${port}/${part(name)}`;
      const database = parseDatabaseUrl(url);
      const { host, port: parsed } = database;
      assert.deepEqual([host, parsed, database.user, database.password, database.name], [
        "db.example.org",
        port,
        user,
        password,
        name,
      ]);
    }),
  );
});

Deno.test("what is not said is left to the defaults", () => {
  assert.deepEqual(parseDatabaseUrl("postgres://[::1]/bookline"), {
    host: "::1",
    port: 5432,
    name: "bookline",
    user: undefined,
    password: undefined,
    sslmode: "prefer",
    connectTimeout: 10,
  });
});

Deno.test("JDBC's parameters are mapped, and those that mean nothing here are passed over", () => {
  const database = parseDatabaseUrl(
    "jdbc:postgresql://h:6543/n?user=u&password=p%26&ssl=true&loginTimeout=3&ApplicationName=x" +
      "&reWriteBatchedInserts=true&stringtype=unspecified",
  );
  assert.deepEqual(database, {
    host: "h",
    port: 6543,
    name: "n",
    user: "u",
    password: "p&",
    sslmode: "verify-full",
    connectTimeout: 3,
    applicationName: "x",
  });
});

Deno.test("sslmode has the last word over ssl, in whichever order they come", () => {
  for (const query of ["ssl=true&sslmode=require", "sslmode=require&ssl=true"]) {
    assert.equal(parseDatabaseUrl(`jdbc:postgresql://h/n?${query}`).sslmode, "require");
  }
  assert.equal(parseDatabaseUrl("jdbc:postgresql://h/n?ssl=false").sslmode, "prefer");
});
