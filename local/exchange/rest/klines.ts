import type { Reply } from "../http.ts";
import { contractTypeOf, pairOf } from "../market/instrument.ts";
import { intervals } from "../market/interval.ts";
import type { Books } from "./books.ts";
import { fault, invalidSymbol, missing } from "./errors.ts";
import { rangeOf } from "./parameters.ts";

const contractTypes = ["PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL"];

/** Binance: "Kline/Candlestick Data". */
export function klines(query: URLSearchParams, books: Books): Reply {
  const symbol = query.get("symbol");
  if (!symbol) return missing("symbol");
  if (!books.symbols.includes(symbol)) return invalidSymbol;
  return rowsOf(symbol, query, books);
}

/** Binance: "Continuous Contract Kline/Candlestick Data": the same candles, named by pair and kind of contract. */
export function continuousKlines(query: URLSearchParams, books: Books): Reply {
  const pair = query.get("pair");
  const contractType = query.get("contractType");
  if (!pair) return missing("pair");
  if (!contractType) return missing("contractType");
  if (!contractTypes.includes(contractType)) return fault(400, -4104, "Invalid contract type");
  const symbols = books.symbols.filter((symbol) => pairOf(symbol) === pair);
  if (symbols.length === 0) return fault(400, -4144, "Invalid pair");
  return rowsOf(symbols.find((symbol) => contractTypeOf(symbol) === contractType), query, books);
}

/** Rows from `startTime` on where it is given, else the newest; none of a symbol that does not exist. */
function rowsOf(symbol: string | undefined, query: URLSearchParams, books: Books): Reply {
  const { market: { limits }, candles, now } = books;
  const interval = query.get("interval");
  if (!interval) return missing("interval");
  if (!intervals.includes(interval)) return fault(400, -1120, "Invalid interval.");
  const range = rangeOf(query, limits.klines);
  if ("status" in range) return range;
  const { from, to, limit } = range;
  const all = symbol === undefined ? [] : candles.rows(symbol, interval, now);
  const rows = all.filter(([open]) => from <= open && open <= to);
  return { status: 200, body: query.has("startTime") ? rows.slice(0, limit) : rows.slice(-limit) };
}
