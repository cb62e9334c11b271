import { ConfigError } from "../../shared/config/config.ts";
import type { Apart } from "./apart.ts";
import type { Feed } from "./feed.ts";

type Env = Record<string, string | undefined>;

/** What differs from the user's environment. */
export interface Places {
  /** The Kafka that was started here. */
  readonly bootstrap?: string;
  /** The Postgres that was started here. */
  readonly databaseUrl?: string;
  /** The exchange that was started here, and what it trades. */
  readonly exchange?: { readonly url: string; readonly wsUrl: string; readonly symbols: readonly string[] };
}

/**
 * The variables that the workers get in addition to the user's environment. An empty value means none, also where `.env`,
 * which they read as well, has one.
 */
export function workerSettings(env: Env, feed: Feed, apart: Apart, places: Places): Record<string, string> {
  const { bootstrap, databaseUrl, exchange } = places;
  const settings: Record<string, string> = {
    // Their last counts are read from a line of level info.
    LOG_LEVEL: env.LOG_LEVEL === "debug" ? "debug" : "info",
  };
  if (bootstrap) {
    Object.assign(settings, {
      BOOTSTRAP_SERVER: bootstrap,
      KAFKA_API_KEY: "",
      KAFKA_SECRET_KEY: "",
      KAFKA_SSL: "",
    });
  }
  if (databaseUrl) Object.assign(settings, { DB_URL: databaseUrl, DB_USER: "", DB_PASSWORD: "" });
  if (feed.kind !== "live") {
    settings.TOPIC_PREFIX = `${env.TOPIC_PREFIX?.trim() ?? ""}${apart.topics}`;
    settings.DB_URL = withNameSuffix(settings.DB_URL ?? env.DB_URL?.trim(), apart.database);
  }
  if (exchange) {
    settings.BINANCE_WS_URL = exchange.wsUrl;
    settings.BINANCE_REST_URL = exchange.url;
    settings.SYMBOLS = exchange.symbols.join();
  }
  return settings;
}

/** Postgres cuts longer names off (its documentation, "Identifiers and Key Words"): the suffix would be lost. In bytes. */
const LONGEST_NAME = 63;

/**
 * `postgres://host/name?ssl=true` → `postgres://host/name_simulated?ssl=true`; a JDBC URL likewise.
 * @throws {ConfigError} if the name would be too long
 */
export function withNameSuffix(databaseUrl: string, suffix: string): string {
  const [, scheme, rest] = /^(jdbc:)?(.*)$/s.exec(databaseUrl)!;
  const url = new URL(rest);
  url.pathname += suffix;
  const name = decodeURIComponent(url.pathname.slice(1));
  if (new TextEncoder().encode(name).length > LONGEST_NAME) {
    throw new ConfigError(
      `Cannot use DB_URL: this feed's database would be ${name}, which is longer than ${LONGEST_NAME} bytes. ` +
        "Example: DB_URL=postgres://localhost:5432/bookline",
    );
  }
  return (scheme ?? "") + url.href;
}
