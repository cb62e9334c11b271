import { fieldType } from "./message.ts";
import type { MessageType, StreamMessage } from "./stream.ts";

type Value = string | number | boolean | null;
type Compare = (a: Value, b: Value) => number;

/** The identity of a message's row, as text: two messages have the same if and only if the fields of their key are equal. */
export function rowKey<M extends StreamMessage>({ key }: MessageType<M>, message: M): string {
  // Any text may hold a separator. JSON is as fast as a join.
  return JSON.stringify(key.map((field) => message[field]));
}

const orders = new WeakMap<object, readonly Compare[]>();

/** @throws {Error} if the versions of these messages have no order that JavaScript and PostgreSQL share */
export function requireOrder<M extends StreamMessage>(type: MessageType<M>): void {
  orderOf(type);
}

function orderOf<M extends StreamMessage>(type: MessageType<M>): readonly Compare[] {
  let order = orders.get(type);
  if (!order) orders.set(type, order = type.version.map((field) => comparison(type, field)));
  return order;
}

/**
 * Whether `a` is a newer version than `b`, a message of the same key. The upsert of the Postgres sink decides by the same fields in the
 * same order; a property test holds the two together. Decimals are compared as numbers, and null is less than any value.
 */
export function isNewer<M extends StreamMessage>(type: MessageType<M>, a: M, b: M): boolean {
  const order = orderOf(type);
  for (const [i, field] of type.version.entries()) {
    const difference = order[i](a[field] as Value, b[field] as Value);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/**
 * What is kept of two versions of one row, of which `stored` came first: it itself if `next` is no newer, else `next`, with the stored
 * values of the fields that a null does not replace. Which of several earlier versions they are of depends on how the versions are batched.
 */
export function newestOf<M extends StreamMessage>(type: MessageType<M>, stored: M, next: M): M {
  if (!isNewer(type, next, stored)) return stored;
  const lacks = type.kept?.filter((field) => next[field] === null && stored[field] !== null) ?? [];
  if (lacks.length === 0) return next;
  return { ...next, ...Object.fromEntries(lacks.map((field) => [field, stored[field]])) };
}

/** @throws {Error} if the field's type has no order that JavaScript and PostgreSQL share */
function comparison<M extends StreamMessage>({ name, schema }: MessageType<M>, field: string): Compare {
  const type = fieldType(schema.shape[field])?.type;
  if (type === "numeric") return nullsFirst((a, b) => compareDecimals(String(a), String(b)));
  if (type === "bigint" || type === "timestamptz" || type === "boolean") {
    return nullsFirst((a, b) => Number(a) - Number(b));
  }
  throw new Error(
    `Cannot order versions of ${name} by ${field}: it must be a number, a decimal, a time or a boolean`,
  );
}

function nullsFirst(compare: Compare): Compare {
  return (a, b) => a === null || b === null ? Number(b === null) - Number(a === null) : compare(a, b);
}

/** Compares decimal strings by value, exactly: `1.10` equals `1.1`. Negative if `a` is less. */
export function compareDecimals(a: string, b: string): number {
  const places = Math.max(decimals(a), decimals(b));
  const difference = scaled(a, places) - scaled(b, places);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function decimals(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

function scaled(text: string, places: number): bigint {
  return BigInt(text.replace(".", "") + "0".repeat(places - decimals(text)));
}
