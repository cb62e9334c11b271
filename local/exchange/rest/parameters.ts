import type { Reply } from "../http.ts";
import { fault } from "./errors.ts";

/** Which rows a client asks for. Times in ms since the epoch, both inclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
}

/**
 * The range that a query asks for, or the answer that refuses it.
 *
 * @param limits the rows of an answer, without a `limit` and at most
 * @param others more parameters that have to be whole numbers
 */
export function rangeOf(
  query: URLSearchParams,
  { usual, most }: { readonly usual: number; readonly most: number },
  others: readonly string[] = [],
): Range | Reply {
  for (const name of ["startTime", "endTime", "limit", ...others]) {
    if (/^\d{1,20}$/.test(query.get(name) ?? "0")) continue;
    const msg = `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`;
    return fault(400, -1100, msg);
  }
  const limit = Number(query.get("limit") ?? usual);
  if (limit < 1 || limit > most) return fault(400, -1130, "Data sent for parameter 'limit' is not valid.");
  const from = Number(query.get("startTime") ?? 0);
  const to = Number(query.get("endTime") ?? Infinity);
  if (from > to) return fault(400, -1023, "Start time is greater than end time.");
  return { from, to, limit };
}
