import { type Config, ConfigError } from "../shared/config/config.ts";
import { columnName } from "../shared/columns.ts";
import type { Log } from "../shared/log.ts";
import { connectLasting, type Sql } from "../shared/postgres/mod.ts";
import { requireSchema, requireServer } from "../shared/postgres/schema.ts";
import { transact } from "../shared/postgres/transaction.ts";
import type { Stream, StreamMessage } from "../shared/stream.ts";
import { statementsOf } from "../consumers/postgres/statements.ts";
import { requireTable } from "../consumers/postgres/table_check.ts";
import type { ArchiveFile } from "./files.ts";
import type { Span } from "./plan.ts";
import { heldIn, positionsOf } from "./positions.ts";

/** The migration that made the last of what is used. */
const MIGRATION = 40;

/** The database that is imported to. */
export interface Target extends AsyncDisposable {
  readonly sql: Sql;
  readonly schema: string;
}

/**
 * Opens the database for so many files at once.
 * @throws {SchemaError} if its schema or a stream's table is not what is needed
 * @throws {ConfigError} if the user may not import
 */
export async function openTarget(
  database: Config["database"],
  streams: readonly Stream[],
  width: number,
  log: Log,
): Promise<Target> {
  const { schema } = database;
  const sql = connectLasting(database, log, width);
  try {
    await requireServer(sql);
    await requireSchema(sql, schema, Math.max(MIGRATION, ...streams.map(({ storage }) => storage.migration)));
    for (const stream of streams) await requireTable(sql, schema, stream);
    const [{ role, may }] = await transact(
      sql,
      `select current_user as role, has_table_privilege('${schema}.archive_files', 'insert') as may`,
    );
    if (!may) {
      throw new ConfigError(
        `Cannot import as ${role}: only the owner of the tables may. Example: DB_USER=bookline DB_PASSWORD=… deno task history …`,
      );
    }
  } catch (error) {
    await sql.end({ timeout: 5 });
    throw error;
  }
  return { sql, schema, [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) };
}

/** A text as SQL has it. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
/** A time as SQL has it, of ms since the epoch. */
export const instant = (time: number) => `to_timestamp(${time / 1_000})`;

/** The rows of a stream's symbol, interval and time, as a condition. */
export function within<M extends StreamMessage>(
  { archive }: Stream<M>,
  { symbol, interval }: Pick<ArchiveFile, "symbol" | "interval">,
  { since, until }: Span,
): string {
  const column = columnName(archive!.time);
  return [
    `symbol = ${literal(symbol)}`,
    ...interval ? [`interval = ${literal(interval)}`] : [],
    `${column} >= ${instant(since)}`,
    `${column} < ${instant(until)}`,
  ].join(" and ");
}

/** The rows that count as present: a candle must be closed. */
export function presentWithin<M extends StreamMessage>(
  stream: Stream<M>,
  of: Pick<ArchiveFile, "symbol" | "interval">,
  span: Span,
): string {
  return within(stream, of, span) + (stream.archive!.intervals ? " and is_closed" : "");
}

/** The statements that store a file, as one transaction around a COPY. */
export interface FileStatements {
  /** Whether the table has none of the file's rows yet. */
  readonly isNew: string;
  /** Stores the rows of a file whose rows the table has none of; fails if it has one. */
  readonly copy: string;
  /** Stores them in any case. */
  readonly upsert: string;
}

/** The statements for a file with this checksum. */
export function statementsFor<M extends StreamMessage>(
  stream: Stream<M>,
  schema: string,
  file: ArchiveFile,
  sha256: string,
): FileStatements {
  const { copy, upsert, staged } = statementsOf(stream, schema);
  const { rollup, partitionedBy } = stream.storage;
  const { topic } = stream.message;
  const { since, until } = file.period;
  const { proven, time } = stream.archive!;
  const span = `${literal(file.symbol)}, ${literal(file.interval)}, ${instant(since)}, ${instant(until)}`;
  // The upsert ends with the condition under which a stored row is replaced.
  const unlessProven = proven
    ? ` and stored.${columnName(time)} not in (select ${schema}.${proven}(${span}))`
    : "";
  const rows = `from ${schema}."${topic}" where ${within(stream, file, file.period)}`;
  const day = new Date(since).toISOString().slice(0, 10);
  const positions = positionsOf(stream, file.interval);
  const note = (source: string) =>
    `insert into ${schema}.archive_files as known (path, table_name, since, until, sha256, rows, held, summarised)
    select ${literal(file.path)}, '${topic}', ${instant(since)}, ${instant(until)}, ${literal(sha256)},
      (select count(*) from ${schema}."${topic}" where ${presentWithin(stream, file, file.period)}),
      ${heldIn(positions, source)}, ${!rollup}
    on conflict (path) do update set (sha256, rows, held, imported_at, summarised) =
      row (excluded.sha256, excluded.rows, excluded.held, excluded.imported_at, excluded.summarised)`;
  // A file of trades may have a line twice.
  const lines = `from (select distinct ${positions.column} from ${staged}) as line`;
  return {
    isNew: [
      ...partitionedBy ? [`select ${schema}.make_past_day('${topic}', '${day}');`] : [],
      `select not exists (select ${rows}) as is_new`,
    ].join(""),
    copy: `${copy};${note(rows)}`,
    upsert: `${upsert}${unlessProven};${note(lines)}`,
  };
}

/**
 * The checksums and rows of the files that were imported and whose rows the table still has, by their paths. Rows may be gone, as by the
 * table's retention.
 */
export async function importedFiles(
  { sql, schema }: Target,
  stream: Stream,
  files: readonly ArchiveFile[],
): Promise<Map<string, { readonly sha256: string; readonly rows: number }>> {
  const known = new Map<string, { sha256: string; rows: number }>();
  for (let n = 0; n < files.length; n += 500) {
    const questions = files.slice(n, n + 500).map((file) =>
      `select path, sha256, rows::float8 from ${schema}.archive_files where path = ${literal(file.path)}
        and exists (select from ${schema}."${stream.message.topic}" where ${
        within(stream, file, file.period)
      })`
    );
    for (const { path, sha256, rows } of await transact(sql, questions.join(" union all "))) {
      known.set(path, { sha256, rows });
    }
  }
  return known;
}

/** How many closed candles of a symbol and interval a span has. */
export async function countRows(
  { sql, schema }: Target,
  stream: Stream,
  of: Pick<ArchiveFile, "symbol" | "interval">,
  span: Span,
): Promise<number> {
  const [{ count }] = await transact(
    sql,
    `select count(*)::float8 as count from ${schema}."${stream.message.topic}" where ${
      presentWithin(stream, of, span)
    }`,
  );
  return count;
}
