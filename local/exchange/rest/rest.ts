import type { RestPaths } from "../../../shared/exchange/markets/mod.ts";
import type { Reply } from "../http.ts";
import { aggTrades } from "./agg_trades.ts";
import type { Books } from "./books.ts";
import { fault, refusalReply } from "./errors.ts";
import { exchangeInfo } from "./exchange_info.ts";
import { continuousKlines, klines } from "./klines.ts";
import { bookTicker, depth, priceTicker, ticker24h } from "./tickers.ts";
import { createUsedWeight, type UsedWeight, weights } from "./weight.ts";

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

/** Answers a request at one of the paths of the books' market, and knows how much weight was used. */
export interface Rest {
  (method: string, path: string, query: URLSearchParams): Reply;
  readonly weight: UsedWeight["counts"];
}

/**
 * REST on these books. Each answer says how much weight was used within the minute, by all clients, since they share an
 * address; above the market's limit requests are refused. `pass` is given each answer with its path's name, and may change it; `clock`
 * tells the time in ms since the epoch.
 */
export function createRest(
  books: Books,
  clock: () => number = Date.now,
  pass: (kind: string, query: URLSearchParams, reply: Reply) => Reply = (_kind, _query, reply) => reply,
): Rest {
  const { paths, limits } = books.market;
  const used = createUsedWeight(limits.weightPerMinute);
  const answer = (method: string, path: string, query: URLSearchParams) => {
    const name = (Object.keys(answers) as (keyof RestPaths)[]).find((name) => paths[name] === path);
    if (method !== "GET" || !name) return fault(404, -5000, `Path ${path}, Method ${method} is invalid`);
    const refused = used.add(weights[name](query), clock());
    const reply = refused
      ? refusalReply(refused, books.market)
      : pass(name, query, answers[name](query, books));
    return { ...reply, headers: { ...reply.headers, "X-MBX-USED-WEIGHT-1M": String(used.counts.used) } };
  };
  return Object.assign(answer, { weight: used.counts });
}
