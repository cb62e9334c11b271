import { createHash } from "node:crypto";
import type { Sql } from "../shared/postgres/mod.ts";
import { columnName } from "../shared/columns.ts";
import type { StreamMessage } from "../shared/stream.ts";
import type { Book } from "../shared/streams/book.ts";
import { type Kind, ticks } from "./kinds.ts";

/** All fields of a message. */
export const fieldsOf = ({ columns }: Kind): string[] => Object.keys(columns);

/** Those that are known before the producer has had the frame. */
export const sentFieldsOf = (kind: Kind): string[] =>
  fieldsOf(kind).filter((field) => field !== "receivedAt");

/** All fields of a message of the book. */
export const fields = fieldsOf(ticks) as (keyof Book)[];

/** A digest that differs between two collections of rows, but not by their order. */
export interface Digest {
  count: number;
  /** The first 32 bits of each row's MD5, added up: a row that differs in any column changes it. */
  sum: number;
}

/** A digest of rows that are added one by one. `numbers: "float"` is for a table that keeps prices as such. */
export function createDigest(
  of: readonly string[],
  kind: Kind = ticks,
  numbers: "exact" | "float" = "exact",
): Digest & { add(message: StreamMessage): void } {
  const text = (message: StreamMessage, field: string) =>
    numbers === "float" && kind.columns[field] === "numeric" ? Number(message[field]) : message[field] ?? "";
  const digest = {
    count: 0,
    sum: 0,
    add(message: StreamMessage) {
      const row = of.map((field) => text(message, field)).join(" ");
      digest.count++;
      digest.sum += createHash("md5").update(row).digest().readUInt32BE();
    },
  };
  return digest;
}

/** The digest of what a table holds. */
export async function digestOf(
  sql: Sql,
  table: string,
  of: readonly string[],
  kind: Kind = ticks,
): Promise<Digest> {
  const text = (field: string) => {
    const column = columnName(field);
    switch (kind.columns[field]) {
      case "timestamptz":
        return `(extract(epoch from ${column}) * 1000)::bigint`;
      case "numeric?":
        return `coalesce(${column}::text, '')`;
      case "boolean":
        return `${column}::text`;
      default:
        return column;
    }
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

/** A row of the book as a line of `copy … from`, in its text format; no field holds a tab or a backslash. */
export function copyLine(message: Book): string {
  const text = (field: keyof Book) =>
    ticks.columns[field] === "timestamptz" ? new Date(message[field]).toISOString() : message[field];
  return fields.map(text).join("\t") + "\n";
}
