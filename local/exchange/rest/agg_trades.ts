import type { Reply } from "../http.ts";
import type { Books } from "./books.ts";
import { fault, invalidSymbol, missing } from "./errors.ts";
import { rangeOf } from "./parameters.ts";

const hourMs = 60 * 60_000;

/**
 * Binance: "Compressed/Aggregate Trades List": the last 24 hours, as far as they are kept. Rows from `fromId` or `startTime`
 * on where one is given, else the newest. Both together "might cause response timeout": here they always do.
 */
export function aggTrades(query: URLSearchParams, { market, symbols, trades, now }: Books): Reply {
  const symbol = query.get("symbol");
  if (!symbol) return missing("symbol");
  if (!symbols.includes(symbol)) return invalidSymbol;
  const range = rangeOf(query, market.limits.aggTrades, ["fromId"]);
  if ("status" in range) return range;
  const { from, to, limit } = range;
  const has = (name: string) => query.has(name);
  if (has("fromId") && (has("startTime") || has("endTime"))) {
    const msg =
      "Timeout waiting for response from backend server. Send status unknown; execution status unknown.";
    return fault(408, -1007, msg);
  }
  if (has("startTime") && has("endTime") && to - from >= hourMs) {
    return fault(400, -1127, "More than 1 hours between startTime and endTime.");
  }
  const fromId = Number(query.get("fromId") ?? 0);
  const oldest = Math.max(from, now - 24 * hourMs);
  const rows = trades.rows(symbol).filter(({ a, T }) => a >= fromId && oldest <= T && T <= to);
  return { status: 200, body: has("fromId") || has("startTime") ? rows.slice(0, limit) : rows.slice(-limit) };
}
