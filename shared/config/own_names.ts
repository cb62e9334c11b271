import { type Config, ConfigError, readConfig } from "./config.ts";
import { asName, foreignHost } from "../exchange/host.ts";

/**
 * Refuses another host's data if its topics are those that the market's own data has by default.
 * @throws {ConfigError} saying which variable to set
 */
export function requireOwnTopics(config: Config<"kafka" | "exchange">): void {
  const host = foreignHost(config);
  const usual = readConfig({ MARKET: config.market.name }).kafka.topicPrefix;
  if (!host || config.kafka.topicPrefix !== usual) return;
  throw new ConfigError(
    `Cannot use data of ${host}, which is not the exchange, without a TOPIC_PREFIX: its topics would be the exchange's. ` +
      `Example: TOPIC_PREFIX=${asName(host)}.`,
  );
}

/**
 * Refuses another host's data if its database or its topics are those that the market's own data has by default.
 * @throws {ConfigError} saying which variable to set
 */
export function requireOwnDatabase(config: Config<"kafka" | "exchange" | "database">): void {
  requireOwnTopics(config);
  requireDatabaseOf(foreignHost(config), config);
}

/** The name of a database of simulated or recorded data ends so. */
export const SIMULATED = "_simulated";

/**
 * Refuses the files and the data of another host than the exchange's if the database is the one that the market's own data has by
 * default, and those of the exchange if it is a simulation's.
 * @throws {ConfigError} saying which variable to set
 */
export function requireOwnArchive(config: Config<"archive" | "exchange" | "database">): void {
  const { origin, host } = new URL(config.binanceArchiveUrl);
  const foreign = origin === config.market.archiveUrl ? foreignHost(config) : host;
  requireDatabaseOf(foreign, config);
  const { name } = config.database;
  if (foreign || !name.endsWith(SIMULATED)) return;
  throw new ConfigError(
    `Cannot store the exchange's data in the database ${name}, which is a simulation's: name another in DB_URL. ` +
      `Example: DB_URL=postgres://localhost:5432/${usualDatabase(config.market)}`,
  );
}

/** The name of the database that the market's own data has by default. */
const usualDatabase = ({ name }: Config["market"]) => readConfig({ MARKET: name }).database.name;

function requireDatabaseOf(host: string | undefined, { market, database }: Config<"database">): void {
  const usual = usualDatabase(market);
  if (!host || database.name !== usual) return;
  throw new ConfigError(
    `Cannot store data of ${host}, which is not the exchange, in the database ${usual}: name another in DB_URL. ` +
      `Example: DB_URL=postgres://localhost:5432/${usual}_${asName(host)}`,
  );
}
