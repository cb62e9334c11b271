import { isIP } from "node:net";
import { z } from "zod";
import { parseBrokerAddress } from "../kafka/broker_address.ts";
import { type Database, parseDatabaseUrl } from "../postgres/url.ts";
import { type Market, markets, prefixOf, schemaOf, usualMarket } from "../exchange/markets/mod.ts";
import {
  type Environment,
  type Fault,
  list,
  readVariables,
  secret,
  url,
  type Values,
  variable,
  type Variables,
  wholeNumber,
} from "./variables.ts";

/** The parts of a slice. */
interface Parts<V extends Variables, C> {
  readonly variables: V;
  /** Calls `fault` for values that are good by themselves and do not fit together. */
  readonly check?: (values: Values<V>, fault: Fault) => void;
  readonly make: (values: Values<V>) => C;
}

/** A part of the configuration that some workers use and others do not. */
const slice = <V extends Variables, C>({ variables, check, make }: Parts<V, C>) => ({
  /** The variables that it reads. */
  variables,
  /** Reads the variables. Returns a function that makes the slice; call it only if `fault` was not called. */
  read(env: Environment, fault: Fault): () => C {
    const values = readVariables(variables, env, fault);
    check?.(values, fault);
    return () => make(values);
  },
});

const market = z.string().transform((name, ctx): Market => {
  const found = markets.find((one) => one.name === name);
  if (found) return found;
  const supported = markets.map((one) => one.name).join(", ");
  const message = `is ${name}, but only ${supported} is supported so far`;
  ctx.issues.push({ code: "custom", input: name, message });
  return z.NEVER;
});

/** The market that MARKET names, or the usual market if MARKET names no known one. */
export const marketIn = (env: Environment): Market =>
  market.safeParse(env.MARKET?.trim()).data ?? usualMarket;

const symbols = list(
  z.string().toUpperCase().regex(/^[\p{L}\p{N}_]{1,40}$/u, {
    error: ({ input }) => `names ${input}, which is no symbol`,
  }),
).transform((all) => [...new Set(all)]);

const name = (most: number, least: number) =>
  z.string().regex(
    new RegExp(`^[a-zA-Z0-9._-]{${least},${most}}$`),
    "must be letters, digits, dots, dashes or underscores",
  );

const brokers = list(z.string()).pipe(z.array(
  z.string().superRefine((text, ctx) => {
    try {
      parseBrokerAddress(text);
    } catch (error) {
      ctx.addIssue({ code: "custom", message: (error as Error).message });
    }
  }),
));

const databaseUrl = z.string().transform((text, ctx) => {
  try {
    return parseDatabaseUrl(text);
  } catch (error) {
    // The value is left out of the message, since it may contain a password.
    ctx.issues.push({ code: "custom", input: "", message: (error as Error).message });
    return z.NEVER;
  }
});

/** The part that every worker uses. */
const running = slice({
  variables: {
    MARKET: variable(market, usualMarket.name, usualMarket.name),
    HEALTH_PORT: variable(wholeNumber(1, 65_535).optional(), "8080"),
    HEALTH_HOST: variable(
      z.string().refine((text) => isIP(text) > 0, "must be an IP address"),
      "0.0.0.0",
      "127.0.0.1",
    ),
    LOG_LEVEL: variable(
      z.enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error"),
      "info",
      "info",
    ),
  },
  make: ({ MARKET, HEALTH_PORT, HEALTH_HOST, LOG_LEVEL }) => ({
    market: MARKET,
    healthPort: HEALTH_PORT,
    healthHost: HEALTH_HOST,
    logLevel: LOG_LEVEL,
  }),
});

/** The connection to Kafka, and the names there. */
export interface KafkaConfig {
  /** Each `host:port`, or `[IPv6 address]:port`. */
  readonly brokers: string[];
  readonly ssl: boolean;
  /** Present: SASL PLAIN, as for Confluent Cloud. */
  readonly sasl?: { readonly username: string; readonly password: string };
  /** `TOPIC_PREFIX` and the market's own prefix. */
  readonly topicPrefix: string;
  readonly groupId: string;
}

const kafkaOf = (market: Market) =>
  slice({
    variables: {
      BOOTSTRAP_SERVER: variable(brokers, "localhost:9092", "localhost:9092"),
      KAFKA_API_KEY: variable(z.string().optional(), "ABCDEFGHIJKLMNOP"),
      KAFKA_SECRET_KEY: secret(z.string().optional(), "the secret that came with the key"),
      KAFKA_SSL: variable(z.enum(["true", "false"], "must be true or false").optional(), "true"),
      TOPIC_PREFIX: variable(name(150, 0), "staging.", ""),
      KAFKA_GROUP_ID: variable(name(100, 1), "bookline", "bookline"),
    },
    check({ KAFKA_API_KEY: key, KAFKA_SECRET_KEY: secret, KAFKA_SSL }, fault) {
      if (key && !secret) {
        const example = "the secret that came with the key";
        fault("KAFKA_SECRET_KEY", "is missing though KAFKA_API_KEY is set", example);
      }
      if (secret && !key) {
        fault("KAFKA_API_KEY", "is missing though KAFKA_SECRET_KEY is set", "ABCDEFGHIJKLMNOP");
      }
      if (key && secret && KAFKA_SSL === "false") {
        const why = "is false though KAFKA_API_KEY is set, which would send the secret in the clear";
        fault("KAFKA_SSL", why, "true");
      }
    },
    make: ({ KAFKA_API_KEY: username, KAFKA_SECRET_KEY: password, ...values }): { kafka: KafkaConfig } => ({
      kafka: {
        brokers: values.BOOTSTRAP_SERVER,
        ssl: username !== undefined || values.KAFKA_SSL === "true",
        sasl: username && password ? { username, password } : undefined,
        topicPrefix: values.TOPIC_PREFIX + prefixOf(market),
        groupId: values.KAFKA_GROUP_ID,
      },
    }),
  });

/** The database, and in it the schema of the market's tables. */
export type DatabaseConfig = Database & { readonly schema: string };

const databaseOf = (market: Market) =>
  slice({
    variables: {
      DB_URL: variable(
        databaseUrl,
        "postgres://localhost:5432/bookline",
        "postgres://localhost:5432/bookline",
      ),
      DB_USER: variable(z.string().optional(), "bookline"),
      DB_PASSWORD: secret(z.string().optional(), "the database user's password"),
    },
    make: ({ DB_URL, DB_USER, DB_PASSWORD }): { database: DatabaseConfig } => ({
      database: {
        ...DB_URL,
        user: DB_USER ?? DB_URL.user,
        password: DB_PASSWORD ?? DB_URL.password,
        schema: schemaOf(market),
      },
    }),
  });

/** The hosts that the data comes from. */
const exchangeOf = ({ wsUrl, restUrl, limits }: Market) =>
  slice({
    variables: {
      BINANCE_WS_URL: variable(url("ws", "wss"), wsUrl, wsUrl),
      BINANCE_REST_URL: variable(url("http", "https"), restUrl, restUrl),
      BINANCE_WEIGHT_PERCENT: variable(wholeNumber(1, 100), "30", "30"),
    },
    make: ({ BINANCE_WS_URL, BINANCE_REST_URL, BINANCE_WEIGHT_PERCENT }) => ({
      binanceWsUrl: BINANCE_WS_URL.replace(/\/+$/, ""),
      binanceRestUrl: BINANCE_REST_URL.replace(/\/+$/, ""),
      /** The request weight that all our processes and other programs of this address may use in a minute. */
      weightPerMinute: Math.floor(limits.weightPerMinute * BINANCE_WEIGHT_PERCENT / 100),
    }),
  });

/** The exchange's public archive of files. */
const archiveOf = ({ archiveUrl }: Market) =>
  slice({
    variables: { BINANCE_ARCHIVE_URL: variable(url("http", "https"), archiveUrl, archiveUrl) },
    make: ({ BINANCE_ARCHIVE_URL }) => ({ binanceArchiveUrl: BINANCE_ARCHIVE_URL.replace(/\/+$/, "") }),
  });

/** What a producer reads from the exchange, and how. */
const producerOf = (market: Market) =>
  slice({
    variables: {
      SYMBOLS: variable(symbols, market.symbols.slice(0, 2).join(), market.symbols.join()),
      ROLLOVER_SECONDS: variable(wholeNumber(1, 86_000), "82800", "82800"),
      SILENCE_SECONDS: variable(wholeNumber(1, 3_600), "30", "30"),
      BUFFER_BYTES: variable(wholeNumber(65_536, 2 ** 34), "67108864", String(64 * 2 ** 20)),
      PRODUCER_NAME: variable(name(100, 1), "tokyo-1", "default"),
    },
    make: ({ SYMBOLS, ROLLOVER_SECONDS, SILENCE_SECONDS, BUFFER_BYTES, PRODUCER_NAME }) => ({
      /** Upper case. */
      symbols: SYMBOLS,
      /** Age at which a connection is replaced, in ms. */
      rolloverMs: ROLLOVER_SECONDS * 1_000,
      /** Silence after which a stream is checked against the REST API, in ms. */
      silenceMs: SILENCE_SECONDS * 1_000,
      bufferBytes: BUFFER_BYTES,
      producerName: PRODUCER_NAME,
    }),
  });

/** The parts of the configuration, by name; some depend on the market. A stream's own options are with the stream. */
export const slicesOf = (market: Market) => ({
  running,
  kafka: kafkaOf(market),
  database: databaseOf(market),
  exchange: exchangeOf(market),
  archive: archiveOf(market),
  producer: producerOf(market),
});
