import { z } from "zod";
import { columnName, type ColumnType, readType } from "../../shared/columns.ts";
import { decimal, integer, jsonCodec, symbol, time } from "../../shared/message.ts";
import type { MessageType, Storage, Stream } from "../../shared/stream.ts";

const schema = z.object({
  symbol,
  nth: integer,
  size: decimal,
  sizeOrNull: decimal.nullable(),
  count: integer,
  countOrNull: integer.nullable(),
  at: time,
  atOrNull: time.nullable(),
  isFinal: z.boolean(),
  isFinalOrNull: z.boolean().nullable(),
  detail: z.looseObject({}),
  detailOrNull: z.looseObject({}).nullable(),
});

/** A message with a field of each column type, each with and without nulls. `nth` tells the versions of a row apart. */
export type Sample = z.infer<typeof schema>;

const columns: Storage<Sample>["columns"] = {
  symbol: "text",
  nth: "bigint",
  size: "numeric",
  sizeOrNull: "numeric?",
  count: "bigint",
  countOrNull: "bigint?",
  at: "timestamptz",
  atOrNull: "timestamptz?",
  isFinal: "boolean",
  isFinalOrNull: "boolean?",
  detail: "json",
  detailOrNull: "json?",
};

/** The stream of those messages; of one symbol, the greater in the fields of `version` is the newer one. */
export function sampleStream(version: MessageType<Sample>["version"] = []): Stream<Sample> {
  return {
    message: {
      ...{ name: "sample", topic: "sample_data", schema, codec: jsonCodec(schema) },
      ...{ key: ["symbol"], version, kept: ["detailOrNull"], overflow: "merge" },
    },
    storage: { columns, migration: 1 },
  };
}

/** What makes the table of those messages in an empty database. */
export const sampleTable = `
  create schema websocket;
  create table websocket.sample_data (${
  (Object.entries(columns) as [string, ColumnType][]).map(([field, column]) => {
    const { type, isNullable } = readType(column);
    return `${columnName(field)} ${type} ${isNullable ? "" : "not null"}`;
  }).join(", ")
}, primary key (symbol))`;

/** A message with a value in each field. */
export const sample = (fields: Partial<Sample> = {}): Sample => ({
  ...{ symbol: "BTCUSDT", nth: 0, size: "1.50", sizeOrNull: "1.50", count: 1, countOrNull: 1 },
  ...{ at: 1_790_000_000_000, atOrNull: 1_790_000_000_000, isFinal: true, isFinalOrNull: true },
  ...{ detail: { a: 1 }, detailOrNull: { a: 1 } },
  ...fields,
});
