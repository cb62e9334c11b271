import { columnName, readType } from "../../shared/columns.ts";
import { requireOrder } from "../../shared/order.ts";
import type { Storage, Stream, StreamMessage } from "../../shared/stream.ts";

/** The statements that write a stream's rows. */
export interface Statements {
  /** Copies rows straight into the table; fails if the table has one of them. */
  readonly copy: string;
  /** Copies rows into a staging table, and from there inserts or replaces them. */
  readonly upsert: string;
  /** The staging table: it has the rows that were copied until the transaction ends. */
  readonly staged: string;
  /** Marks seconds of a rollup, each in seconds since the epoch: they must be computed again. */
  readonly mark: (seconds: ReadonlySet<number>) => string;
}

const quoted = (field: string) => `"${columnName(field)}"`;

/**
 * The statements of a stream whose table is in the schema, from its message and its storage alone.
 * @throws {Error} if its versions have no order that JavaScript and PostgreSQL share
 */
export function statementsOf<M extends StreamMessage>(
  { message, storage }: Stream<M>,
  schema: string,
): Statements {
  requireOrder(message);
  const fields = Object.keys(storage.columns) as (keyof M & string)[];
  const columns = fields.map(quoted).join(", ");
  const typed = fields.map((field) => `${quoted(field)} ${readType(storage.columns[field]).type}`);
  const target = `${schema}."${message.topic}"`;
  // The name has the migration's number: behind a pooler a session may have the table of an older worker.
  const staged = `pg_temp."${message.topic}_staged_${storage.migration}"`;
  const replaced = fields.filter((field) => !message.key.includes(field))
    .map((field) => `${quoted(field)} = ${newestSql(field, message.kept?.includes(field) ?? false)}`);
  const conflict = message.version.length === 0
    ? "do nothing"
    : `do update set ${replaced.join(", ")} where ${isNewerSql(message.version, storage.columns)}`;
  // Statements that are sent as one text are one transaction, and the copy among them reads the rows. postgres.js' `begin` can't be
  // used: when the connection is lost, its rollback ends the process.
  // The staging table has the stream's columns and no constraints. It is empty between transactions, so it does not matter
  // whose session a pooler gives us. Creating it for each batch would cost 22 KB of WAL each time.
  return {
    copy: `copy ${target} (${columns}) from stdin (format binary)`,
    upsert: `
      create temp table if not exists ${staged} (${typed.join(", ")}) on commit delete rows;
      copy ${staged} (${columns}) from stdin (format binary);
      insert into ${target} as stored (${columns}) select ${columns} from ${staged}
        on conflict (${message.key.map(quoted).join(", ")}) ${conflict}`,
    staged,
    mark: (seconds) =>
      `insert into ${schema}.${storage.rollup?.stale} (second)
        select to_timestamp(second) from unnest('{${[...seconds].join()}}'::bigint[]) as second`,
  };
}

/** The field of `newestOf` of shared/order.ts, once the row `excluded` is the newer one. */
function newestSql(field: string, isKept: boolean): string {
  const [next, stored] = [`excluded.${quoted(field)}`, `stored.${quoted(field)}`];
  return isKept ? `coalesce(${next}, ${stored})` : next;
}

/** `isNewer` of shared/order.ts as a condition: the row `excluded` is a newer version than the row `stored`. */
function isNewerSql<M>(version: readonly (keyof M & string)[], columns: Storage<M>["columns"]): string {
  return version.reduceRight((later, field) => {
    const [a, b] = [`excluded.${quoted(field)}`, `stored.${quoted(field)}`];
    const isGreater = readType(columns[field]).isNullable
      ? `(${a} > ${b} or (${b} is null and ${a} is not null))`
      : `${a} > ${b}`;
    return later === "" ? isGreater : `(${isGreater} or (${a} is not distinct from ${b} and ${later}))`;
  }, "");
}
