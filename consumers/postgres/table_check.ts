import type { Row, Sql } from "../../shared/postgres/mod.ts";
import { transact } from "../../shared/postgres/transaction.ts";
import { SchemaError } from "../../shared/postgres/schema.ts";
import { columnName, type ColumnType, type ColumnTypes, readType } from "../../shared/columns.ts";
import type { Stream, StreamMessage } from "../../shared/stream.ts";

/** A column as `pg_attribute` has it. */
export interface Column {
  readonly name: string;
  /** As `format_type` writes it, length and precision included. */
  readonly type: string;
  readonly required: boolean;
  /** Whether it fills itself: by a default, an identity or a computation. */
  readonly filled: boolean;
  readonly computed: boolean;
}

/** The types as `format_type` writes them. */
const typeNames: Record<keyof ColumnTypes, string> = {
  text: "text",
  numeric: "numeric",
  bigint: "bigint",
  timestamptz: "timestamp with time zone",
  boolean: "boolean",
  json: "json",
};

/**
 * How a table differs from what the stream needs, in words; `keys` are the columns of each unique index, sorted. Columns that users
 * added are accepted if they fill themselves.
 */
export function differences<M extends StreamMessage>(
  { message, storage }: Stream<M>,
  found: readonly Column[],
  keys: readonly string[],
): string[] {
  const own = new Map(
    (Object.entries(storage.columns) as [string, ColumnType][])
      .map(([field, type]) => [columnName(field), readType(type)]),
  );
  const there = new Map(found.map((column) => [column.name, column]));
  const wrong = [...own].flatMap(([name, { type, isNullable }]) => {
    const column = there.get(name);
    if (!column) return [`the column ${name} (${typeNames[type]}) is missing`];
    if (column.computed) return [`the column ${name} is computed`];
    if (column.type !== typeNames[type]) {
      return [`the column ${name} is ${column.type} instead of ${typeNames[type]}`];
    }
    return isNullable && column.required ? [`the column ${name} is NOT NULL and must take nulls`] : [];
  });
  const empty = found.filter(({ name, required, filled }) => required && !filled && !own.has(name))
    .map(({ name }) => `the column ${name}, which is not Bookline's, is NOT NULL and has no default`);
  const wanted = message.key.map(columnName);
  const isKeyed = keys.includes(wanted.toSorted().join());
  return [
    ...wrong,
    ...empty,
    ...isKeyed ? [] : [`no primary key or unique index is on (${wanted.join(", ")})`],
  ];
}

/** @throws {SchemaError} if the stream's rows can't be stored in its table, with the differences in words */
export async function requireTable<M extends StreamMessage>(
  sql: Sql,
  schema: string,
  stream: Stream<M>,
): Promise<void> {
  const name = `${schema}.${stream.message.topic}`;
  const columns = await transact(
    sql,
    `select
      attname as name, format_type(atttypid, atttypmod) as type, attnotnull as required, attgenerated <> '' as computed,
      atthasdef or attidentity <> '' as filled
    from pg_attribute where attrelid = to_regclass('${name}') and attnum > 0 and not attisdropped
    order by attnum`,
  ) as (Column & Row)[];
  const keys = await transact(
    sql,
    `select string_agg(attname, ',' order by attname collate "C") as columns
    from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
    where indrelid = to_regclass('${name}')
      and indisunique and indisvalid and indimmediate and indpred is null and indexprs is null
    group by indexrelid`,
  );
  const wrong = columns.length === 0
    ? ["it is missing"]
    : differences(stream, columns, keys.map((one) => one.columns));
  if (wrong.length === 0) return;
  throw new SchemaError(
    `Cannot store rows in ${name} as it must have the columns that Bookline made: ${wrong.join("; ")}. ` +
      "Alter it back; a column of your own needs a default, or must take nulls",
  );
}
