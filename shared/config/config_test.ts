import assert from "node:assert/strict";
import fc from "fast-check";
import { usualMarket } from "../exchange/markets/mod.ts";
import { listStreams } from "../list_streams.ts";
import { ConfigError, readConfig, readOptions, type SliceName } from "./config.ts";

const options = Object.assign({}, ...(await listStreams()).map(({ feed }) => feed?.options ?? {}));

/** The lines that `readConfig` or `readOptions` refuses the environment with. */
function faultsOf(env: Record<string, string>): string[] {
  try {
    readConfig(env);
    readOptions(options, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split("\n");
  }
  return [];
}

const database = "postgres://localhost:5432/bookline";
const knows = "sslmode, ssl, user, password, application_name, ApplicationName, connect_timeout, " +
  "connectTimeout, loginTimeout";

/** Each variable with a bad value, what is said of it, and the example. */
const bad: [variable: string, value: string, fault: string, example: string][] = [
  ["BOOTSTRAP_SERVER", "localhost", "names localhost, which has no port", "localhost:9092"],
  [
    "BOOTSTRAP_SERVER",
    "http://localhost:9092",
    "names http://localhost:9092, which must not begin with http://",
    "localhost:9092",
  ],
  [
    "BOOTSTRAP_SERVER",
    "::1:9092",
    "names ::1:9092, whose IPv6 address must be in brackets",
    "localhost:9092",
  ],
  ["BOOTSTRAP_SERVER", "h:9092,i:0", "names i:0, whose port must be from 1 to 65535", "localhost:9092"],
  ["BOOTSTRAP_SERVER", ",", "names nothing", "localhost:9092"],
  ["KAFKA_SSL", "yes", "must be true or false", "true"],
  ["TOPIC_PREFIX", "a/", "must be letters, digits, dots, dashes or underscores", "staging."],
  ["KAFKA_GROUP_ID", "a b", "must be letters, digits, dots, dashes or underscores", "bookline"],
  [
    "DB_URL",
    "mysql://h/x",
    "must be postgres://host:5432/name or jdbc:postgresql://host:5432/name",
    database,
  ],
  ["DB_URL", "postgres://h", "must name a database after the host: postgres://host:5432/name", database],
  ["DB_URL", "postgres://h,i/x", "must name one host: postgres://host:5432/name", database],
  ["DB_URL", "postgres://%ff@h/x", "has a % that encodes nothing: write a % of a password as %25", database],
  [
    "DB_URL",
    "postgres://h/x?sslmode=on",
    "has sslmode=on, which must be one of disable, prefer, require, verify-ca, verify-full",
    database,
  ],
  [
    "DB_URL",
    "jdbc:postgresql://h/x?loginTimeout=soon",
    "has loginTimeout=soon, which must be a number of seconds",
    database,
  ],
  [
    "DB_URL",
    "postgres://h/x?sslrootcert=/ca.pem",
    `has the parameter sslrootcert, which Bookline does not know: it knows ${knows}`,
    database,
  ],
  ["MARKET", "coinm", "is coinm, but only usdm is supported so far", "usdm"],
  ["MARKET", "spot", "is spot, but only usdm is supported so far", "usdm"],
  ["SYMBOLS", "BTC-USDT", "names BTC-USDT, which is no symbol", "BTCUSDT,ETHUSDT"],
  ["SYMBOLS", ", ,", "names nothing", "BTCUSDT,ETHUSDT"],
  ["KLINE_INTERVALS", "1m,7m", "names 7m, which is no interval of Binance's", "1m,1h"],
  ["BINANCE_WS_URL", "https://x", "must be a ws:// or wss:// URL", usualMarket.wsUrl],
  ["BINANCE_REST_URL", "exchange", "must be a http:// or https:// URL", usualMarket.restUrl],
  ["BINANCE_ARCHIVE_URL", "data", "must be a http:// or https:// URL", usualMarket.archiveUrl],
  ["ROLLOVER_SECONDS", "1d", "must be a whole number", "82800"],
  ["ROLLOVER_SECONDS", "0", "must be from 1 to 86000", "82800"],
  ["SILENCE_SECONDS", "-1", "must be a whole number", "30"],
  ["BUFFER_BYTES", "64MB", "must be a whole number", "67108864"],
  ["BUFFER_BYTES", "1000", "must be from 65536 to 17179869184", "67108864"],
  ["PRODUCER_NAME", "eu/1", "must be letters, digits, dots, dashes or underscores", "tokyo-1"],
  ["PRODUCER_NAME", "a".repeat(101), "must be letters, digits, dots, dashes or underscores", "tokyo-1"],
  ["SILENCE_SECONDS", "1.5", "must be a whole number", "30"],
  ["HEALTH_PORT", "70000", "must be from 1 to 65535", "8080"],
  ["HEALTH_HOST", "localhost", "must be an IP address", "0.0.0.0"],
  ["LOG_LEVEL", "loud", "must be debug, info, warn or error", "info"],
];
for (const [name, value, fault, example] of bad) {
  Deno.test(`${name}=${value} is refused by name, fault and example`, () => {
    assert.deepEqual(faultsOf({ [name]: value }), [
      `Cannot use ${name}: it ${fault}. Example: ${name}=${example}`,
    ]);
  });
}

Deno.test("all that is wrong is told at once, a line a variable", () => {
  const lines = faultsOf({ SYMBOLS: "?", LOG_LEVEL: "loud", HEALTH_PORT: "x" });
  assert.deepEqual(lines.map((line) => line.split(":")[0]).toSorted(), [
    "Cannot use HEALTH_PORT",
    "Cannot use LOG_LEVEL",
    "Cannot use SYMBOLS",
  ]);
});

Deno.test("one Kafka key without the other is refused, and so are keys in the clear", () => {
  assert.deepEqual(faultsOf({ KAFKA_API_KEY: "key" }), [
    "Cannot use KAFKA_SECRET_KEY: it is missing though KAFKA_API_KEY is set. " +
    "Example: KAFKA_SECRET_KEY=the secret that came with the key",
  ]);
  assert.deepEqual(faultsOf({ KAFKA_SECRET_KEY: "secret" }), [
    "Cannot use KAFKA_API_KEY: it is missing though KAFKA_SECRET_KEY is set. " +
    "Example: KAFKA_API_KEY=ABCDEFGHIJKLMNOP",
  ]);
  assert.deepEqual(faultsOf({ KAFKA_API_KEY: "key", KAFKA_SECRET_KEY: "secret", KAFKA_SSL: "false" }), [
    "Cannot use KAFKA_SSL: it is false though KAFKA_API_KEY is set, which would send the secret in the clear. " +
    "Example: KAFKA_SSL=true",
  ]);
});

Deno.test("no secret is ever in a message", () => {
  const secret = fc.string({ unit: "grapheme", minLength: 12 }).map((text) => `s3cret-${text}`);
  const broken = fc.constantFrom("?x=1", "?sslmode=on", "/y", "?connect_timeout=x", "%ff");
  fc.assert(fc.property(secret, broken, (secret, broken) => {
    const env = {
      DB_URL: `postgres://user:${encodeURIComponent(secret)}@host/name${broken}`,
      DB_PASSWORD: secret,
      KAFKA_SECRET_KEY: secret,
    };
    const message = faultsOf(env).join("\n");
    assert.match(message, /DB_URL/);
    assert.ok(!message.includes("s3cret"), message);
  }));
});

Deno.test("both Kafka keys mean SASL over TLS; TLS without keys can be asked for", () => {
  const { kafka } = readConfig({ KAFKA_API_KEY: "key", KAFKA_SECRET_KEY: "secret" });
  assert.deepEqual([kafka.ssl, kafka.sasl], [true, { username: "key", password: "secret" }]);
  const { kafka: plain } = readConfig({ KAFKA_SSL: "true" });
  assert.deepEqual([plain.ssl, plain.sasl], [true, undefined]);
});

Deno.test("an empty environment gives the defaults, and an empty value counts as unset", () => {
  const config = readConfig({});
  assert.deepEqual(config.kafka, {
    brokers: ["localhost:9092"],
    ssl: false,
    sasl: undefined,
    topicPrefix: "",
    groupId: "bookline",
  });
  assert.deepEqual(config.database.name, "bookline");
  assert.equal(
    config.symbols.join(),
    "BTCUSDT,ETHUSDT,BNBUSDT,XRPUSDT,SOLUSDT,ADAUSDT,DOGEUSDT,POLUSDT,DOTUSDT,AVAXUSDT",
  );
  assert.equal(config.bufferBytes, 2 ** 26);
  assert.deepEqual([config.healthPort, config.healthHost, config.logLevel], [
    undefined,
    "127.0.0.1",
    "info",
  ]);

  const names = [...new Set(bad.map(([name]) => name)), "KAFKA_API_KEY", "KAFKA_SECRET_KEY", "DB_USER"];
  fc.assert(fc.property(fc.subarray(names), fc.constantFrom("", " "), (names, empty) => {
    assert.deepEqual(readConfig(Object.fromEntries(names.map((name) => [name, empty]))), config);
  }));
});

Deno.test("symbols are taken in any case, with spaces, once each, in any script", () => {
  const { symbols } = readConfig({ SYMBOLS: "btcusdt, 1incHusdt,BTCUSDT ,BTCUSDT_250926,币安人生usdt," });
  assert.deepEqual(symbols, ["BTCUSDT", "1INCHUSDT", "BTCUSDT_250926", "币安人生USDT"]);
});

Deno.test("DB_USER and DB_PASSWORD override what the URL says", () => {
  const DB_URL = "postgres://a:b@host/name";
  const { database } = readConfig({ DB_URL, DB_USER: "c", DB_PASSWORD: "d" });
  assert.deepEqual([database.user, database.password], ["c", "d"]);
  const { database: plain } = readConfig({ DB_URL });
  assert.deepEqual([plain.user, plain.password], ["a", "b"]);
});

Deno.test("a secret keeps the spaces that it begins or ends with", () => {
  const { kafka, database } = readConfig({
    KAFKA_API_KEY: " key ",
    KAFKA_SECRET_KEY: " s ",
    DB_PASSWORD: "p ",
  });
  assert.deepEqual([kafka.sasl, database.password], [{ username: "key", password: " s " }, "p "]);
});

Deno.test("what a worker does not use does not stop it: its slices are all that is looked at", () => {
  const wrong = Object.fromEntries(bad.map(([name, value]) => [name, value]));
  const mine: [SliceName[], string[]][] = [
    [["kafka", "exchange", "producer"], ["DB_URL", "KLINE_INTERVALS"]],
    [["kafka", "exchange", "database"], ["SYMBOLS", "BUFFER_BYTES", "SILENCE_SECONDS", "ROLLOVER_SECONDS"]],
    [["database"], ["BOOTSTRAP_SERVER", "BINANCE_WS_URL", "SYMBOLS"]],
  ];
  for (const [slices, others] of mine) {
    const env = Object.fromEntries(others.map((name) => [name, wrong[name]]));
    assert.deepEqual(readConfig(env, slices), readConfig({}, slices), slices.join());
    assert.throws(() => readConfig(wrong, slices), ConfigError);
  }
  assert.deepEqual(readOptions({}, wrong), {});
});

Deno.test("a stream's own options are read by the stream's declaration", () => {
  assert.deepEqual(readOptions(options, {}), { KLINE_INTERVALS: ["1m"] });
  assert.deepEqual(readOptions(options, { KLINE_INTERVALS: "1m, 1h,1m" }), { KLINE_INTERVALS: ["1m", "1h"] });
});
