import type { Reply } from "../http.ts";
import type { Books } from "./books.ts";
import { fault } from "./errors.ts";
import { exchangeInfo } from "./exchange_info.ts";
import { continuousKlines, klines } from "./klines.ts";
import { bookTicker, depth, priceTicker, ticker24h } from "./tickers.ts";

/** What is answered at each path. Parameters that a path does not know are ignored, as USD-M does. */
const paths: Record<string, (query: URLSearchParams, books: Books) => Reply> = {
  "/fapi/v1/ping": () => ({ status: 200, body: {} }),
  "/fapi/v1/time": (_, { now }) => ({ status: 200, body: { serverTime: now } }),
  "/fapi/v1/exchangeInfo": (_, books) => ({ status: 200, body: exchangeInfo(books) }),
  "/fapi/v1/klines": klines,
  "/fapi/v1/continuousKlines": continuousKlines,
  "/fapi/v1/depth": depth,
  "/fapi/v1/ticker/24hr": ticker24h,
  "/fapi/v1/ticker/price": priceTicker,
  "/fapi/v2/ticker/price": priceTicker,
  "/fapi/v1/ticker/bookTicker": bookTicker,
};

/** Answers `GET /fapi/v1/…`. */
export function restReply(method: string, path: string, query: URLSearchParams, books: Books): Reply {
  if (method !== "GET" || !Object.hasOwn(paths, path)) {
    return fault(404, -5000, `Path ${path}, Method ${method} is invalid`);
  }
  return paths[path](query, books);
}
