import type { RestPaths } from "../../../shared/exchange/markets/mod.ts";
import type { Reply } from "../http.ts";
import { aggTrades } from "./agg_trades.ts";
import type { Books } from "./books.ts";
import { fault } from "./errors.ts";
import { exchangeInfo } from "./exchange_info.ts";
import { continuousKlines, klines } from "./klines.ts";
import { bookTicker, depth, priceTicker, ticker24h } from "./tickers.ts";
import { createUsedWeight, weights } from "./weight.ts";

/** What is answered at each path. Parameters that a path does not know are ignored, as the futures' REST does. */
const answers: Record<keyof RestPaths, (query: URLSearchParams, books: Books) => Reply> = {
  ping: () => ({ status: 200, body: {} }),
  time: (_, { now }) => ({ status: 200, body: { serverTime: now } }),
  exchangeInfo: (_, books) => ({ status: 200, body: exchangeInfo(books) }),
  klines,
  continuousKlines,
  aggTrades,
  depth,
  ticker24h,
  price: priceTicker,
  priceV2: priceTicker,
  bookTicker,
};

/** Answers a request at one of the paths of the books' market. */
export type Rest = (method: string, path: string, query: URLSearchParams) => Reply;

/**
 * REST on these books. Each answer says how much weight was used within the minute, by all clients, since they share an
 * address; nothing is refused because of it. `clock` tells the time in ms since the epoch.
 */
export function createRest(books: Books, clock: () => number = Date.now): Rest {
  const { paths } = books.market;
  const used = createUsedWeight();
  return (method, path, query) => {
    const name = (Object.keys(answers) as (keyof RestPaths)[]).find((name) => paths[name] === path);
    if (method !== "GET" || !name) return fault(404, -5000, `Path ${path}, Method ${method} is invalid`);
    const weight = used.add(weights[name](query), clock());
    return { ...answers[name](query, books), headers: { "X-MBX-USED-WEIGHT-1M": String(weight) } };
  };
}
