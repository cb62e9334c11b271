import type { Config } from "../../shared/config/config.ts";
import type { MessageType } from "../../shared/stream.ts";

/** A command that shows stored data. It has the password only of a database that `up` started: a user's own is a secret. */
export function dataHint(
  { database }: Config,
  { topic }: Pick<MessageType, "topic">,
  isOurs: boolean,
): string {
  const { host, port, name, user, password, schema } = database;
  const secret = isOurs && password ? `:${encodeURIComponent(password)}` : "";
  const who = user ? `${encodeURIComponent(user)}${secret}@` : "";
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}/${encodeURIComponent(name)}`;
  return `psql postgres://${who}${where} -c 'table ${schema}.${topic} limit 10'`;
}
