import assert from "node:assert/strict";
import { readConfig } from "./config.ts";
import { buildOf, summarize } from "./summary.ts";

Deno.test("the configuration is told in full, and of secrets only whether they are set", () => {
  const secrets = [
    "key-of-kafka",
    "secret-of-kafka",
    "secret-of-url",
    "secret-of-database",
    "secret-of-proxy",
  ];
  const told = summarize(
    readConfig({
      ...{ BOOTSTRAP_SERVER: "a:1,[::1]:2", KAFKA_API_KEY: secrets[0], KAFKA_SECRET_KEY: secrets[1] },
      ...{ DB_URL: `postgres://me:${secrets[2]}@db:5/name`, DB_PASSWORD: secrets[3] },
      BINANCE_WS_URL: `wss://me:${secrets[4]}@proxy`,
    }),
    { KLINE_INTERVALS: ["1m", "1h"] },
  );
  const text = JSON.stringify(told);
  for (const secret of secrets) assert.ok(!text.includes(secret), secret);
  assert.deepEqual(
    [told.brokers, told.ssl, told.api_key, told.secret_key, told.db_host, told.db_user, told.db_password],
    ["a:1,[::1]:2", true, "set", "set", "db", "me", "set"],
  );
  assert.deepEqual([told.buffer_bytes, told.kline_intervals, told.binance_ws_url], [
    2 ** 26,
    "1m,1h",
    "wss://proxy/",
  ]);
  const plain = summarize(readConfig({}));
  assert.deepEqual([plain.secret_key, plain.db_password], ["not set", "not set"]);
});

Deno.test("of slices that a worker does not read nothing is told", () => {
  const { logLevel, symbols } = readConfig({});
  assert.deepEqual(
    Object.keys(summarize({ logLevel, symbols })).filter((name) => /db|broker|key/.test(name)),
    [],
  );
});

Deno.test("a build is a version and a commit, which is unknown where nobody names it", () => {
  assert.match(buildOf(undefined), /^\d+\.\d+\.\d+\+unknown$/);
  assert.match(buildOf("eb90a5b-dirty"), /^\d+\.\d+\.\d+\+eb90a5b-dirty$/);
});
