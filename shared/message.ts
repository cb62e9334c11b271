import { z } from "zod";
import type { ColumnTypes } from "./columns.ts";

/**
 * A price or quantity as the exchange wrote it: `"61800.20"`, `"254020"`. It stays a string, since a floating-point
 * number would change it.
 */
export const decimal = z.string().regex(
  /^-?\d{1,32}(?:\.\d{1,32})?$/,
  "must be a plain decimal, such as 61800.20",
);

/** An id or a count. Integers above 2^53 are refused: `JSON.parse` has already rounded them. */
export const integer = z.int();

/** Milliseconds since the epoch, before the year 2200: in µs they are exact integers until 2255. */
export const time = z.int().nonnegative().max(7_258_118_399_999);

/** Binance's symbols may start with a digit (1INCHUSDT), be dated (BTCUSDT_250926) or be Unicode (币安人生USDT). */
export const symbol = z.string().regex(/^[\p{L}\p{N}_]{1,40}$/u, "must be a symbol, such as BTCUSDT");

/** A candle's interval as Binance names it. */
export const interval = z.string().regex(/^\d{1,2}[smhdwM]$/, "must be an interval, such as 1m");

/** A message's JSON text ↔ the message. Fields that the schema does not name are ignored. */
export function jsonCodec<S extends z.ZodType>(schema: S) {
  return z.codec(z.string(), schema, {
    decode: (text, ctx) => {
      try {
        return JSON.parse(text);
      } catch (error) {
        ctx.issues.push({
          code: "invalid_format",
          format: "json",
          input: text,
          message: (error as Error).message,
        });
        return z.NEVER;
      }
    },
    encode: (message) => JSON.stringify(message),
  });
}

/** What is wrong with a message, in one line: the first two faults with their places. */
export function faultOf(error: z.ZodError): string {
  const [first, second] = error.issues.map(({ path, message }) =>
    [path.join("."), message].filter(Boolean).join(": ")
  );
  return second === undefined ? first : `${first}; ${second}`;
}

const types = new Map<unknown, keyof ColumnTypes>([
  [symbol, "text"],
  [decimal, "numeric"],
  [integer, "bigint"],
  [time, "timestamptz"],
]);

/**
 * The type whose values a field's schema accepts, if it is one of the checks above or a boolean; undefined for any other schema, which has
 * checks of its own.
 */
export function fieldType(schema: unknown): { type: keyof ColumnTypes; isNullable: boolean } | undefined {
  const isNullable = schema instanceof z.ZodNullable;
  const inner = isNullable ? schema.unwrap() : schema;
  const type = inner instanceof z.ZodBoolean ? "boolean" : types.get(inner);
  return type && { type, isNullable };
}
