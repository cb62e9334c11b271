import type { ColumnTypes } from "./columns.ts";
import { fieldType } from "./message.ts";
import type { MessageType, StreamMessage } from "./stream.ts";

/** Types whose values are not JSON objects. */
export type FlatType = Exclude<keyof ColumnTypes, "json">;

/**
 * What a value looks like in the text that our own producers write. Each pattern is narrower than the codec's check: symbols
 * in ASCII, ids of 15 digits, times before 2192.
 */
export const patterns: Record<FlatType, string> = {
  text: String.raw`"(\w{1,40})"`,
  numeric: String.raw`"(-?\d{1,32}(?:\.\d{1,32})?)"`,
  bigint: String.raw`(-?(?:0|[1-9]\d{0,14}))`,
  timestamptz: String.raw`(0|[1-6]\d{12}|[1-9]\d{0,11})`,
  boolean: "(true|false)",
};

/** Turns the text that a pattern matches into the value. */
export const readers: { [T in FlatType]: (text: string) => ColumnTypes[T] } = {
  text: (text) => text,
  numeric: (text) => text,
  bigint: Number,
  timestamptz: Number,
  boolean: (text) => text === "true",
};

type Decoder<M> = (text: string) => M | undefined;

/**
 * The decoder for the one form of JSON in which our producers write the messages. It decodes such text as the codec does, and returns
 * undefined for any other text, which the codec must decode. One regular expression replaces JSON.parse and zod: 0.9 µs a message instead of
 * 2.5 µs. Of a stream with other fields than those of `patterns` there is none.
 */
export function canonicalDecoder<M extends StreamMessage>(
  { schema }: MessageType<M>,
): Decoder<M> | undefined {
  const fields = Object.keys(schema.shape);
  const known = fields.map((field) => fieldType(schema.shape[field]));
  // Only the codec knows the checks of other fields.
  if (!known.every(isFlat)) return undefined;
  const read = known.map(({ type }) => readers[type]);
  const parts = known.map(({ type, isNullable }, i) =>
    `"${fields[i]}":${isNullable ? `(?:null|${patterns[type]})` : patterns[type]}`
  );
  const pattern = new RegExp(`^{${parts.join()}}$`);
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const message: Record<string, unknown> = {};
    for (let i = 0; i < fields.length; i++) {
      const found = match[i + 1];
      message[fields[i]] = found === undefined ? null : read[i](found);
    }
    return message as M;
  };
}

type Known = ReturnType<typeof fieldType>;

function isFlat(known: Known): known is NonNullable<Known> & { type: FlatType } {
  return known !== undefined && known.type !== "json";
}
