import { ConfigError } from "./config.ts";
import type { Log } from "../log.ts";

/** Variables of earlier versions. Now the table `retention` says what is kept. */
const names = ["BOOK_RETENTION_DAYS", "ROLLUP_RETENTION_DAYS"];

/**
 * Reads the variables of earlier versions that are set, for the migration that uses them.
 * @returns the number of days, as digits, by the name in lower case: `book_retention_days`
 * @throws {ConfigError} naming each variable that is not a number of days
 */
export function formerSettings(env: Record<string, string | undefined>): Record<string, string> {
  const set = names.map((name) => [name, env[name]?.trim() ?? ""]).filter(([, value]) => value !== "");
  const faults = set.filter(([, value]) => !/^\d{1,5}$/.test(value)).map(([name]) =>
    `Cannot use ${name}: it must be a whole number of days, 0 for all. Example: ${name}=7`
  );
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  return Object.fromEntries(set.map(([name, value]) => [name.toLowerCase(), value]));
}

/** Warns about each variable of earlier versions that is still set: it has no effect. */
export function warnOfFormerSettings(env: Record<string, string | undefined>, log: Log): void {
  for (const name of names) {
    if (!env[name]?.trim()) continue;
    log.warn(
      `${name} has no effect: what is kept is said in the database. To see or change it: deno task retention`,
    );
  }
}
