import { ConfigError } from "../shared/config/config.ts";
import type { Sql, TransactionSql } from "../shared/postgres/mod.ts";

/** An amount of stored data. */
interface Amount {
  /** The first and the last day with rows, as YYYY-MM-DD; null if there are no rows, or the table has no partitions by day. */
  readonly first: string | null;
  readonly last: string | null;
  /** Days with rows. */
  readonly count: number;
  /** An estimate of the number of rows. */
  readonly rows: number;
  /** The bytes on disk, with the indexes. */
  readonly bytes: number;
}

/** What a table keeps, and what it holds. */
export interface Kept {
  readonly table: string;
  /** The number of days; null for all. */
  readonly keep: number | null;
  readonly holds: Amount;
}

/** A change of what a table keeps. */
interface Change {
  readonly table: string;
  /** The number of days; null for all. */
  readonly keep: number | null;
}

/** The effect of a change. */
interface Effect {
  readonly table: string;
  readonly before: number | null;
  readonly after: number | null;
  /** What the table then no longer keeps: its days, and the number of rows whose day has no partition. */
  readonly outlived: Amount;
  readonly strays: number;
  /** Whether nothing is dropped for now, since the newest row is not of today or yesterday. */
  readonly isHeldBack: boolean;
}

/**
 * Reads pairs of a table's name and what it shall keep: `30d`, or `all`.
 * @throws {ConfigError} saying what is wrong with which table
 */
export function readChanges(words: readonly string[]): Change[] {
  if (words.length % 2 === 1) {
    throw new ConfigError(`Cannot tell what ${words.at(-1)} is to keep. Example: ${words.at(-1)} 30d`);
  }
  const pairs = Array.from({ length: words.length / 2 }, (_, n) => [words[2 * n], words[2 * n + 1]]);
  return pairs.map(([table, text], n) => {
    if (pairs.findIndex(([other]) => other === table) !== n) {
      throw new ConfigError(`Cannot tell what ${table} is to keep: it is named twice`);
    }
    if (text === "all") return { table, keep: null };
    const keep = Number(/^(\d{1,5})d$/.exec(text)?.[1]);
    if (keep >= 1 && keep <= 36_500) return { table, keep };
    throw new ConfigError(
      `Cannot have ${table} keep ${text}: it must be a number of days from 1d to 36500d, or all. Example: ${table} 30d`,
    );
  });
}

/** Reads what each table keeps and how much it holds. */
export async function readKept(sql: Sql | TransactionSql, schema: string): Promise<Kept[]> {
  const tables = await sql`
    select table_name as table, extract(day from keep)::int as keep
    from ${sql(schema)}.retention left join ${sql(schema)}.daily_tables on parent = table_name
    order by ordinal nulls first, table_name`;
  const kept: Kept[] = [];
  for (const { table, keep } of tables) kept.push({ table, keep, holds: await amountOf(sql, schema, table) });
  return kept;
}

/**
 * Changes what tables keep, and returns the effects. If `isMeant` is false, it rolls the change back.
 * @throws {ConfigError} if there is no such table
 */
export async function changeRetention(
  sql: Sql,
  schema: string,
  changes: readonly Change[],
  isMeant: boolean,
): Promise<Effect[]> {
  const effects: Effect[] = [];
  const undo = new Error("only asked");
  const before = new Map((await readKept(sql, schema)).map((kept) => [kept.table, kept]));
  for (const { table } of changes) {
    if (before.has(table)) continue;
    throw new ConfigError(`Cannot find the table ${table}: there are ${[...before.keys()].join(", ")}`);
  }
  await sql.begin(async (transaction) => {
    await transaction`
      update ${transaction(schema)}.retention set keep = make_interval(days => wanted.keep)
      from unnest(${changes.map(({ table }) => table)}::text[], ${changes.map(({ keep }) => keep)}::int[])
        as wanted ("table", keep)
      where table_name = wanted.table`;
    for (const { table, keep } of changes) {
      const { keep: former, holds: { last } } = before.get(table)!;
      // If the newest row is older than yesterday, the days are counted from it.
      const [{ since, held }] = await transaction`
        select to_char(case when isfinite(since) then since else ${last}::date - ${keep}::int end, 'YYYY-MM-DD') as since,
          not isfinite(since) and ${keep}::int is not null and ${last}::date is not null as held
        from ${transaction(schema)}.kept_since(${table}) as since`;
      const outlived = await amountOf(transaction, schema, table, since ?? "-infinity");
      const strays = since === null ? 0 : await straysOf(transaction, schema, table, since);
      effects.push({ table, before: former, after: keep, outlived, strays, isHeldBack: held });
    }
    if (!isMeant) throw undo;
  }).catch((error) => {
    if (error !== undo) throw error;
  });
  return effects;
}

/** How much a table holds of the days before `until`, or in all. If Postgres has no estimate of the rows, a row counts as 110 bytes. */
async function amountOf(
  sql: Sql | TransactionSql,
  schema: string,
  table: string,
  until?: string,
): Promise<Amount> {
  const [amount] = await sql<Amount[]>`
    select to_char(min(day) filter (where size > 0), 'YYYY-MM-DD') as first,
      to_char(max(day) filter (where size > 0), 'YYYY-MM-DD') as last,
      count(day) filter (where size > 0)::int as count, coalesce(sum(rows), 0)::float8 as rows,
      coalesce(sum(pg_total_relation_size(relation)), 0)::float8 as bytes
    from (
      select oid as relation, to_date(substring(relname from '_(\\d{8})$'), 'YYYYMMDD') as day,
        pg_relation_size(oid) as size,
        case when reltuples > 0 then reltuples::bigint else pg_relation_size(oid) / 110 end as rows
      from pg_class
      where relkind = 'r' and (
        oid = format('%I.%I', ${schema}::text, ${table}::text)::regclass or
        oid in (select inhrelid from pg_inherits where inhparent = format('%I.%I', ${schema}::text, ${table}::text)::regclass)
      )
    ) as part
    where ${until ?? null}::text::date is null or day < ${until ?? null}::text::date`; // as a date, -infinity can't be sent
  return amount;
}

/** How many rows of the days before `until` a table has in its default partition. */
async function straysOf(
  sql: TransactionSql,
  schema: string,
  table: string,
  until: string,
): Promise<number> {
  const [{ column }] = await sql`select time_column as column from ${
    sql(schema)
  }.daily_tables where parent = ${table}`;
  const [{ strays }] = await sql`
    select count(*)::float8 as strays from ${sql(schema)}.${sql(`${table}_default`)}
    where ${sql(column)} < ${`${until}T00:00:00Z`}::timestamptz`;
  return strays;
}
