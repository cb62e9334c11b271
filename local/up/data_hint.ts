import type { Config } from "../../shared/config/config.ts";

/** Commands that show stored data. The second has the password only of a database that `up` started: a user's own is a secret. */
export function dataHint({ database }: Pick<Config, "database">, isOurs: boolean): string[] {
  const { host, port, name, user, password } = database;
  const secret = isOurs && password ? `:${encodeURIComponent(password)}` : "";
  const who = user ? `${encodeURIComponent(user)}${secret}@` : "";
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}/${encodeURIComponent(name)}`;
  return ["deno task sql", `psql postgres://${who}${where}`];
}
