import { createHash } from "node:crypto";
import type { Sql } from "../shared/postgres/mod.ts";
import { columnName, type ColumnTypes } from "../shared/columns.ts";
import { type Book, book } from "../shared/streams/book.ts";

export type Field = keyof Book;

/** All fields of a book message. */
export const fields = Object.keys(book.storage.columns) as Field[];

/** Those that are known before the producer has had the frame. */
export const sentFields = fields.filter((field) => field !== "receivedAt");

/** A digest that differs between two collections of rows, but not by their order. */
export interface Digest {
  count: number;
  /** The first 32 bits of each row's MD5, added up: a row that differs in any column changes it. */
  sum: number;
}

/** A digest of rows that are added one by one. `numbers: "float"` is for a table that keeps prices as such. */
export function createDigest(
  of: readonly Field[],
  numbers: "exact" | "float" = "exact",
): Digest & { add(message: Book): void } {
  const { columns } = book.storage;
  const text = (message: Book, field: Field) =>
    numbers === "float" && columns[field] === "numeric" ? Number(message[field]) : message[field];
  const digest = {
    count: 0,
    sum: 0,
    add(message: Book) {
      const row = of.map((field) => text(message, field)).join(" ");
      digest.count++;
      digest.sum += createHash("md5").update(row).digest().readUInt32BE();
    },
  };
  return digest;
}

/** The digest of what a table holds. */
export async function digestOf(sql: Sql, table: string, of: readonly Field[]): Promise<Digest> {
  const text = (field: Field) => {
    const type: keyof ColumnTypes = book.storage.columns[field];
    return type === "timestamptz"
      ? `(extract(epoch from ${columnName(field)}) * 1000)::bigint`
      : columnName(field);
  };
  const [digest] = await sql.unsafe(`
    select count(*)::float8 as count,
      coalesce(sum(('x' || left(md5(concat_ws(' ', ${
    of.map(text).join(", ")
  })), 8))::bit(32)::bigint), 0)::float8 as sum
    from ${table}`);
  return { count: digest.count, sum: digest.sum };
}

/** @throws {Error} unless they are digests of the same rows: a fast wrong answer counts as none */
export function requireSame(who: string, found: Digest, expected: Digest): void {
  if (found.count === expected.count && found.sum === expected.sum) return;
  const how = found.count === expected.count
    ? "as many as there should be, of which some differ"
    : expected.count;
  throw new Error(`Cannot count what ${who} has done as it left ${found.count} rows instead of ${how}`);
}

/** The columns of `copyLine`, as a list. */
export const copyColumns = fields.map(columnName).join(", ");

/** The row as a line of `copy … from`, in its text format; no field holds a tab or a backslash. */
export function copyLine(message: Book): string {
  const text = (field: Field) =>
    book.storage.columns[field] === "timestamptz" ? new Date(message[field]).toISOString() : message[field];
  return fields.map(text).join("\t") + "\n";
}
