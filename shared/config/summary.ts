import project from "../../deno.json" with { type: "json" };
import type { Config } from "./config.ts";
import type { Values, Variables } from "./variables.ts";

/**
 * The build: the version in `deno.json`, and the commit, or `unknown`. A worker may not read files, so it can't ask Git: `up` or an
 * image's build argument sets BOOKLINE_BUILD to the commit.
 */
export function buildOf(commit: string | undefined): string {
  return `${project.version}+${commit || "unknown"}`;
}

/** The configuration for the log, in snake_case. It says of secrets only whether they are set. `options` are the streams' own. */
export function summarize(
  { market, kafka, database, binanceWsUrl, binanceRestUrl, binanceArchiveUrl, ...others }: Partial<Config>,
  options: Values<Variables> = {},
): Record<string, unknown> {
  const fields = {
    market: market?.name,
    ...kafka && summaryOfKafka(kafka),
    ...database && summaryOfDatabase(database),
    binanceWsUrl: binanceWsUrl && withoutUser(binanceWsUrl),
    binanceRestUrl: binanceRestUrl && withoutUser(binanceRestUrl),
    binanceArchiveUrl: binanceArchiveUrl && withoutUser(binanceArchiveUrl),
    ...others,
    ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name.toLowerCase(), value])),
  };
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase()),
      Array.isArray(value) ? value.join() : value,
    ]),
  );
}

function summaryOfKafka({ brokers, sasl, ...rest }: Config["kafka"]) {
  return { brokers, ...rest, apiKey: isSet(sasl?.username), secretKey: isSet(sasl?.password) };
}

function summaryOfDatabase({ password, ...rest }: Config["database"]) {
  const fields = Object.entries(rest).map(([name, value]) => [`db_${name}`, value]);
  return { ...Object.fromEntries(fields), db_password: isSet(password) };
}

const isSet = (secret: string | undefined) => secret === undefined ? "not set" : "set";

/** The URL without its user and password: a proxy's URL may have them. */
function withoutUser(url: string): string {
  const parsed = new URL(url);
  return parsed.username || parsed.password
    ? Object.assign(parsed, { username: "", password: "" }).href
    : url;
}
