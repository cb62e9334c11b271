import type { Config } from "../../shared/config/config.ts";
import type { MessageType } from "../../shared/stream.ts";

/** A command that shows stored data. The password is in it only of a database of ours: a user's own is a secret. */
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
