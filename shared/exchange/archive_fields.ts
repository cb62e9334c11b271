/** The fields of a line of the archive. Each function throws a RangeError that names the column. Zod would take ten times as long. */

const decimal = /^-?\d{1,32}(?:\.\d{1,32})?$/;
const integer = /^\d{1,16}$/;

/** From here on a time is in µs: as ms it would be of the year 5138. */
const LEAST_MICROSECONDS = 1e14;

/** A decimal, as the exchange wrote it. */
export function readDecimal(text: string, column: string): string {
  if (decimal.test(text)) return text;
  throw new RangeError(`${column} must be a plain decimal: it is ${shown(text)}`);
}

/** An id or a count. */
export function readInteger(text: string, column: string): number {
  const value = Number(text);
  if (integer.test(text) && Number.isSafeInteger(value)) return value;
  throw new RangeError(`${column} must be a whole number: it is ${shown(text)}`);
}

/** A time in ms since the epoch; files of some markets and years have µs. */
export function readTime(text: string, column: string): number {
  const value = readInteger(text, column);
  return value < LEAST_MICROSECONDS ? value : Math.floor(value / 1_000);
}

/** `true` or `false`, in any case. */
export function readBoolean(text: string, column: string): boolean {
  if (text === "true" || text === "True") return true;
  if (text === "false" || text === "False") return false;
  throw new RangeError(`${column} must be true or false: it is ${shown(text)}`);
}

/** What a file may contain, in an error: not more than a few characters of it. */
function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
