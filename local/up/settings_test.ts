import assert from "node:assert/strict";
import { withNameSuffix, workerSettings } from "./settings.ts";

const local = {
  bootstrap: "127.0.0.1:20001",
  databaseUrl: "postgres://bookline:secret@127.0.0.1:20002/bookline",
};
const market = { database: "", topics: "" };
const simulated = { database: "_simulated", topics: "simulated." };
const exchange = {
  url: "http://127.0.0.1:3",
  wsUrl: "ws://127.0.0.1:3",
  symbols: ["BTCUSDT", "币安人生USDT"],
};

Deno.test("credentials of the user's own servers are not tried on the local ones", () => {
  const env = { KAFKA_API_KEY: "key", KAFKA_SECRET_KEY: "secret", DB_USER: "me", DB_PASSWORD: "mine" };
  const settings = workerSettings(env, { kind: "live" }, market, local);
  for (const name of ["KAFKA_API_KEY", "KAFKA_SECRET_KEY", "KAFKA_SSL", "DB_USER", "DB_PASSWORD"]) {
    assert.equal(settings[name], "", name);
  }
});

Deno.test("the live feed on the user's servers is left as the environment has it", () => {
  assert.deepEqual(workerSettings({ DB_URL: "postgres://db/x" }, { kind: "live" }, market, {}), {
    LOG_LEVEL: "info",
  });
});

Deno.test("simulated data has a database and topics of its own, on local servers and on the user's", () => {
  const here = workerSettings({}, { kind: "simulated" }, simulated, { ...local, exchange });
  assert.equal(here.DB_URL, "postgres://bookline:secret@127.0.0.1:20002/bookline_simulated");
  assert.equal(here.TOPIC_PREFIX, "simulated.");
  assert.equal(here.BINANCE_WS_URL, "ws://127.0.0.1:3");
  assert.equal(here.SYMBOLS, "BTCUSDT,币安人生USDT");

  const env = { DB_URL: " postgres://db.example.org/market?sslmode=require ", TOPIC_PREFIX: "staging." };
  const there = workerSettings(env, { kind: "simulated" }, simulated, { exchange });
  assert.equal(there.DB_URL, "postgres://db.example.org/market_simulated?sslmode=require");
  assert.equal(there.TOPIC_PREFIX, "staging.simulated.");
  assert.equal(there.BOOTSTRAP_SERVER, undefined);
});

Deno.test("workers log what up reads of them, or more", () => {
  const level = (LOG_LEVEL: string) =>
    workerSettings({ LOG_LEVEL }, { kind: "live" }, market, local).LOG_LEVEL;
  assert.deepEqual([level("error"), level("debug")], ["info", "debug"]);
});

Deno.test("a database's name is found in URLs of both kinds, password and parameters untouched", () => {
  const suffix = (url: string) => withNameSuffix(url, "_simulated");
  assert.equal(
    suffix("postgres://u:p%40%2F@[::1]:5433/a%20b"),
    "postgres://u:p%40%2F@[::1]:5433/a%20b_simulated",
  );
  assert.equal(
    suffix("jdbc:postgresql://host:5432/name?user=a&password=b%26c"),
    "jdbc:postgresql://host:5432/name_simulated?user=a&password=b%26c",
  );
});

Deno.test("a database's name that Postgres would cut off, to that of the real data, is refused", () => {
  assert.throws(
    () => withNameSuffix(`postgres://host/${"n".repeat(60)}`, "_simulated"),
    /^ConfigError: Cannot use DB_URL: this feed's database would be n{60}_simulated, which is longer than 63 bytes/,
  );
});
