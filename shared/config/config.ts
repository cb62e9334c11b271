import { z } from "zod";
import { parseBrokerAddress } from "../kafka/broker_address.ts";
import { type Database, parseDatabaseUrl } from "../postgres/url.ts";
import { type Market, markets, prefixOf, schemaOf, usualMarket } from "../exchange/markets/mod.ts";

/** What is wrong with the environment, a line a variable. Retrying won't help: a person must change it. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const list = (item: z.ZodType<string, string>) =>
  z.string().transform((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== ""))
    .pipe(z.array(item).min(1, "names nothing"));

const wholeNumber = (least: number, most: number) =>
  z.string().regex(/^\d+$/, "must be a whole number").transform(Number)
    .refine((n) => n >= least && n <= most, `must be from ${least} to ${most}`);

const url = (...schemes: string[]) =>
  z.string().refine(
    (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)),
    `must be a ${schemes.join(":// or ")}:// URL`,
  );

/** A variable's schema from its text, its default and an example for error messages. */
const variable = <S extends z.ZodType>(schema: S, example: string, fallback?: string) => ({
  schema,
  example,
  fallback,
});

const symbols = list(
  z.string().toUpperCase().regex(/^[\p{L}\p{N}_]{1,40}$/u, "has an entry that is no symbol"),
).transform((all) => [...new Set(all)]);

const intervals = list(z.enum(
  ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"],
  "has an entry that is no interval of Binance's",
)).transform((all) => [...new Set(all)]);

const market = z.string().transform((name, ctx): Market => {
  const found = markets.find((one) => one.name === name);
  if (found) return found;
  const supported = markets.map((one) => one.name).join(", ");
  ctx.issues.push({
    code: "custom",
    input: name,
    message: `is ${name}, but only ${supported} is supported so far`,
  });
  return z.NEVER;
});

/** The variables; some defaults are the market's. */
const variablesOf = ({ symbols: usualSymbols, wsUrl, restUrl }: Market) => ({
  MARKET: variable(market, usualMarket.name, usualMarket.name),
  BOOTSTRAP_SERVER: variable(
    list(z.string()).pipe(z.array(
      z.string().superRefine((text, ctx) => {
        try {
          parseBrokerAddress(text);
        } catch (error) {
          ctx.addIssue({ code: "custom", message: (error as Error).message });
        }
      }),
    )),
    "localhost:9092",
    "localhost:9092",
  ),
  KAFKA_API_KEY: variable(z.string().optional(), "ABCDEFGHIJKLMNOP"),
  KAFKA_SECRET_KEY: variable(z.string().optional(), "the secret that came with the key"),
  KAFKA_SSL: variable(z.enum(["true", "false"], "must be true or false").optional(), "true"),
  TOPIC_PREFIX: variable(
    z.string().regex(/^[a-zA-Z0-9._-]{0,150}$/, "must be letters, digits, dots, dashes or underscores"),
    "staging.",
    "",
  ),
  KAFKA_GROUP_ID: variable(
    z.string().regex(/^[a-zA-Z0-9._-]{1,100}$/, "must be letters, digits, dots, dashes or underscores"),
    "bookline",
    "bookline",
  ),
  DB_URL: variable(
    z.string().transform((text, ctx) => {
      try {
        return parseDatabaseUrl(text);
      } catch (error) {
        // The message leaves out the value, which may contain a password.
        ctx.issues.push({ code: "custom", input: "", message: (error as Error).message });
        return z.NEVER;
      }
    }),
    "postgres://localhost:5432/bookline",
    "postgres://localhost:5432/bookline",
  ),
  DB_USER: variable(z.string().optional(), "bookline"),
  DB_PASSWORD: variable(z.string().optional(), "the database user's password"),
  SYMBOLS: variable(symbols, usualSymbols.slice(0, 2).join(), usualSymbols.join()),
  KLINE_INTERVALS: variable(intervals, "1m,1h", "1m"),
  BINANCE_WS_URL: variable(url("ws", "wss"), wsUrl, wsUrl),
  BINANCE_REST_URL: variable(url("http", "https"), restUrl, restUrl),
  ROLLOVER_SECONDS: variable(wholeNumber(1, 86_000), "82800", "82800"),
  SILENCE_SECONDS: variable(wholeNumber(1, 3_600), "30", "30"),
  BUFFER_BYTES: variable(wholeNumber(65_536, 2 ** 34), "67108864", String(64 * 2 ** 20)),
  HEALTH_PORT: variable(wholeNumber(1, 65_535).optional(), "8080"),
  LOG_LEVEL: variable(
    z.enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error"),
    "info",
    "info",
  ),
});

/** The variables that Bookline reads. */
export const variableNames: readonly string[] = Object.keys(variablesOf(usualMarket));

const secrets = new Set(["DB_PASSWORD", "KAFKA_SECRET_KEY"]);

type Schemas = ReturnType<typeof variablesOf>;
type Variables = { [N in keyof Schemas]: z.output<Schemas[N]["schema"]> };

/** A worker's configuration, from its environment. */
export interface Config {
  readonly market: Market;
  readonly kafka: {
    /** Each `host:port`, or `[IPv6 address]:port`. */
    readonly brokers: string[];
    readonly ssl: boolean;
    /** Present: SASL PLAIN, as for Confluent Cloud. */
    readonly sasl?: { readonly username: string; readonly password: string };
    /** `TOPIC_PREFIX` and the market's own prefix. */
    readonly topicPrefix: string;
    readonly groupId: string;
  };
  /** The database, and in it the schema of the market's tables. */
  readonly database: Database & { readonly schema: string };
  /** Upper case. */
  readonly symbols: string[];
  readonly klineIntervals: string[];
  readonly binanceWsUrl: string;
  readonly binanceRestUrl: string;
  /** Age at which a connection is replaced, in ms. */
  readonly rolloverMs: number;
  /** Silence after which a stream is checked against the REST API, in ms. */
  readonly silenceMs: number;
  readonly bufferBytes: number;
  readonly healthPort?: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/**
 * Reads and checks the environment; an empty value counts as unset.
 * @throws {ConfigError} naming each variable that is wrong, what is wrong with it, and an example
 */
export function readConfig(env: Record<string, string | undefined> = Deno.env.toObject()): Config {
  const faults: string[] = [];
  const fault = (name: string, why: string, example: string) =>
    faults.push(`Cannot use ${name}: it ${why}. Example: ${name}=${example}`);

  for (const name of Object.keys(env).filter((name) => name.startsWith("\uFEFF"))) {
    faults.push(
      `Cannot use ${
        name.slice(1)
      }: it has another name, since .env begins with a byte order mark. Save it as UTF-8 without`,
    );
  }
  const named = market.safeParse(env.MARKET?.trim()).data ?? usualMarket;
  const values = Object.fromEntries(
    Object.entries(variablesOf(named)).map(([name, { schema, example, fallback }]) => {
      const text = env[name]?.trim();
      // A secret may begin or end with a space.
      const value = text && secrets.has(name) ? env[name] : text;
      const parsed = schema.safeParse(value || fallback);
      if (!parsed.success) {
        fault(
          name,
          [...new Set(parsed.error.issues.map((issue) => issue.message))].join(" and "),
          example,
        );
      }
      return [name, parsed.data];
    }),
  ) as Variables;

  const { KAFKA_API_KEY: username, KAFKA_SECRET_KEY: password } = values;
  if (username && !password) {
    fault("KAFKA_SECRET_KEY", "is missing though KAFKA_API_KEY is set", "the secret that came with the key");
  }
  if (password && !username) {
    fault("KAFKA_API_KEY", "is missing though KAFKA_SECRET_KEY is set", "ABCDEFGHIJKLMNOP");
  }
  const sasl = username && password ? { username, password } : undefined;
  if (sasl && values.KAFKA_SSL === "false") {
    fault(
      "KAFKA_SSL",
      "is false though KAFKA_API_KEY is set, which would send the secret in the clear",
      "true",
    );
  }
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));

  return {
    market: values.MARKET,
    kafka: {
      brokers: values.BOOTSTRAP_SERVER,
      ssl: sasl !== undefined || values.KAFKA_SSL === "true",
      sasl,
      topicPrefix: values.TOPIC_PREFIX + prefixOf(values.MARKET),
      groupId: values.KAFKA_GROUP_ID,
    },
    database: {
      ...values.DB_URL,
      user: values.DB_USER ?? values.DB_URL.user,
      password: values.DB_PASSWORD ?? values.DB_URL.password,
      schema: schemaOf(values.MARKET),
    },
    symbols: values.SYMBOLS,
    klineIntervals: values.KLINE_INTERVALS,
    binanceWsUrl: values.BINANCE_WS_URL.replace(/\/+$/, ""),
    binanceRestUrl: values.BINANCE_REST_URL.replace(/\/+$/, ""),
    rolloverMs: values.ROLLOVER_SECONDS * 1_000,
    silenceMs: values.SILENCE_SECONDS * 1_000,
    bufferBytes: values.BUFFER_BYTES,
    healthPort: values.HEALTH_PORT,
    logLevel: values.LOG_LEVEL,
  };
}
