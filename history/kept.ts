import { ConfigError } from "../shared/config/config.ts";
import { transact } from "../shared/postgres/transaction.ts";
import type { Stream } from "../shared/stream.ts";
import type { Target } from "./target.ts";

/**
 * Refuses to import what the retention would drop at once.
 * @throws {ConfigError} naming the table, the first day that it keeps, and the command by which it keeps all
 */
export async function requireKept({ sql, schema }: Target, stream: Stream, since: number): Promise<void> {
  const table = stream.message.topic;
  const rows = await transact(
    sql,
    `select parent, extract(day from keep)::int as days,
      to_char(now() at time zone 'UTC' - keep, 'YYYY-MM-DD') as first,
      to_timestamp(${since / 1_000}) < date_trunc('day', now() - keep, 'UTC') as is_outlived
    from ${schema}.daily_tables join ${schema}.retention on table_name = parent
    where '${table}' in (parent, source) and keep is not null order by ordinal`,
  );
  const outlived = rows.filter((row) => row.is_outlived);
  if (outlived.length === 0) return;
  const from = new Date(since).toISOString().slice(0, 10);
  const words = outlived.map(({ parent, days, first }) => `${parent} keeps ${days} days, so from ${first} on`)
    .join("; ");
  throw new ConfigError(
    `Cannot import from ${from} as older days would be dropped at once: ${words}. To keep all, run: ` +
      `deno task retention ${rows.map(({ parent }) => `${parent} all`).join(" ")} --yes`,
  );
}
