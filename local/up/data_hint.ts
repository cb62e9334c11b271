import type { Config } from "../../shared/config/config.ts";

/** How the user starts Deno: through npx, which leaves no command `deno` behind, or by that. */
export const denoCommand = (path = Deno.execPath(), version = Deno.version.deno): string =>
  /[\\/]_npx[\\/]/.test(path) ? `npx -y deno@${version}` : "deno";

type Database = Pick<Config, "database">;

/** The database's URL, such as `psql` takes. */
export function databaseUrl({ database }: Database, withPassword: boolean): string {
  const { host, port, name, user, password, sslmode } = database;
  const secret = withPassword && password ? `:${encodeURIComponent(password)}` : "";
  const who = user ? `${encodeURIComponent(user)}${secret}@` : "";
  const mode = sslmode === "prefer" ? "" : `?sslmode=${sslmode}`;
  return `postgres://${who}${host.includes(":") ? `[${host}]` : host}:${port}/${
    encodeURIComponent(name)
  }${mode}`;
}

/** Commands that show stored data. The second has the password only of a database that `up` started: a user's own is a secret. */
export const dataHint = (config: Database, isOurs: boolean, deno = denoCommand()): string[] => [
  `${deno} task sql`,
  `psql ${databaseUrl(config, isOurs)}`,
];
