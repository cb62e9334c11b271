import project from "../../deno.json" with { type: "json" };
import type { Config } from "./config.ts";

/**
 * The build: the version of `deno.json`, and the commit if BOOKLINE_BUILD names it. A worker may not read files, so it
 * can't ask Git: `up` sets the variable, and an image's build argument does.
 */
export function buildOf(commit: string | undefined): string {
  return commit ? `${project.version}+${commit}` : project.version;
}

/** The configuration in use, for the log; of secrets only whether they are set. */
export function summarize({ market, kafka, database, ...rest }: Config): Record<string, unknown> {
  const { brokers, sasl, ...ofKafka } = kafka;
  const { password, ...ofDatabase } = database;
  const { binanceWsUrl, binanceRestUrl, ...others } = rest;
  const fields = {
    market: market.name,
    brokers: brokers.join(),
    ...ofKafka,
    apiKey: isSet(sasl?.username),
    secretKey: isSet(sasl?.password),
    ...Object.fromEntries(Object.entries(ofDatabase).map(([name, value]) => [`db_${name}`, value])),
    db_password: isSet(password),
    binanceWsUrl: withoutUser(binanceWsUrl),
    binanceRestUrl: withoutUser(binanceRestUrl),
    ...others,
  };
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase()),
      Array.isArray(value) ? value.join() : value,
    ]),
  );
}

const isSet = (secret: string | undefined) => secret === undefined ? "not set" : "set";

/** A proxy's address may hold a password. */
function withoutUser(url: string): string {
  const parsed = new URL(url);
  return parsed.username || parsed.password
    ? Object.assign(parsed, { username: "", password: "" }).href
    : url;
}
