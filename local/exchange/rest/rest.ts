import type { Reply } from "../http.ts";
import { decimalText } from "../market/decimal.ts";
import { instrumentOf } from "../market/instrument.ts";
import { intervals } from "../market/interval.ts";
import type { CandleHistory, KlineRow } from "./candle_history.ts";

/** What REST tells about. */
export interface Books {
  readonly symbols: readonly string[];
  readonly candles: CandleHistory;
  /** The exchange's time, ms since the epoch. */
  readonly now: number;
}

/** An error as Binance words it. Binance: "Error Codes". */
const fault = (status: number, code: number, msg: string): Reply => ({ status, body: { code, msg } });

/** What is told to those who are refused as a whole, by status. Binance: "HTTP Return Codes". */
const refusals: Record<number, [code: number, msg: string]> = {
  418: [-1003, "Way too many requests; IP banned. Please use the websocket for live updates to avoid bans."],
  429: [-1003, "Too many requests; current limit is 2400 requests per minute."],
  451: [0, "Service unavailable from a restricted location according to 'b. Eligibility'."],
  503: [-1001, "Internal error; unable to process your request. Please try again."],
};

/** Refuses any request. `retryAfter` in seconds. */
export function refusalReply({ status, retryAfter }: { status: number; retryAfter?: number }): Reply {
  const headers = retryAfter === undefined ? undefined : { "Retry-After": String(retryAfter) };
  return { ...fault(status, ...refusals[status]), headers };
}

/** Answers `/fapi/v1/…`. */
export function restReply(path: string, query: URLSearchParams, books: Books): Reply {
  switch (path) {
    case "/fapi/v1/ping":
      return { status: 200, body: {} };
    case "/fapi/v1/time":
      return { status: 200, body: { serverTime: books.now } };
    case "/fapi/v1/exchangeInfo":
      return { status: 200, body: exchangeInfo(books) };
    case "/fapi/v1/klines":
      return klines(query, books);
    case "/fapi/v1/ticker/24hr":
      return ticker(query, books);
    default:
      return fault(404, -5000, `Path ${path}, Method GET is invalid`);
  }
}

function exchangeInfo({ symbols, now }: Books) {
  return {
    timezone: "UTC",
    serverTime: now,
    futuresType: "U_MARGINED",
    rateLimits: [{ rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: 2_400 }],
    exchangeFilters: [],
    symbols: symbols.map((symbol) => {
      const { pair, baseAsset, quoteAsset, priceScale, quantityScale, tick } = instrumentOf(symbol);
      return {
        symbol,
        pair,
        contractType: pair === symbol ? "PERPETUAL" : "CURRENT_QUARTER",
        status: "TRADING",
        baseAsset,
        quoteAsset,
        pricePrecision: priceScale,
        quantityPrecision: quantityScale,
        filters: [
          { filterType: "PRICE_FILTER", tickSize: decimalText(tick, priceScale) },
          { filterType: "LOT_SIZE", stepSize: decimalText(1, quantityScale) },
        ],
      };
    }),
  };
}

const mandatory = (name: string) =>
  fault(400, -1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);

/** Binance: "Kline/Candlestick Data": from `startTime` on where it is given, else the newest. */
function klines(query: URLSearchParams, { symbols, candles, now }: Books): Reply {
  const symbol = query.get("symbol");
  const interval = query.get("interval");
  if (!symbol) return mandatory("symbol");
  if (!symbols.includes(symbol)) return fault(400, -1121, "Invalid symbol.");
  if (!interval) return mandatory("interval");
  if (!intervals.includes(interval)) return fault(400, -1120, "Invalid interval.");
  for (const name of ["startTime", "endTime", "limit"]) {
    if (/^\d{1,20}$/.test(query.get(name) ?? "0")) continue;
    return fault(
      400,
      -1100,
      `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`,
    );
  }
  const limit = Number(query.get("limit") ?? 500);
  if (limit < 1 || limit > 1_500) return fault(400, -1130, "Data sent for parameter 'limit' is not valid.");
  const from = Number(query.get("startTime") ?? 0);
  const to = Number(query.get("endTime") ?? Infinity);
  const rows: KlineRow[] = candles.rows(symbol, interval, now).filter(([open]) => from <= open && open <= to);
  return { status: 200, body: query.has("startTime") ? rows.slice(0, limit) : rows.slice(-limit) };
}

/** Binance: "24hr Ticker Price Change Statistics", of one symbol, and of it what the candles tell. */
function ticker(query: URLSearchParams, { symbols, candles, now }: Books): Reply {
  const symbol = query.get("symbol");
  if (!symbol) return mandatory("symbol");
  if (!symbols.includes(symbol)) return fault(400, -1121, "Invalid symbol.");
  const { id = -1, price = "0" } = candles.lastTrade(symbol) ?? {};
  return { status: 200, body: { symbol, lastPrice: price, closeTime: now, lastId: id } };
}
