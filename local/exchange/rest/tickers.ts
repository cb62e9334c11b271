import type { Reply } from "../http.ts";
import type { Books } from "./books.ts";
import { dayOf } from "./day.ts";
import { fault, invalidSymbol, missing } from "./errors.ts";

/** Binance: "24hr Ticker Price Change Statistics", as far as the candles that were played reach. */
export function ticker24h(query: URLSearchParams, books: Books): Reply {
  return eachSymbol(query, books, (symbol) => dayOf(symbol, books));
}

/** Binance: "Symbol Price Ticker". */
export function priceTicker(query: URLSearchParams, books: Books): Reply {
  return eachSymbol(query, books, (symbol) => ({
    symbol,
    price: books.candles.lastTrade(symbol)?.price ?? "0",
    time: books.now,
  }));
}

/** Binance: "Symbol Order Book Ticker". All is 0 before the first message. */
export function bookTicker(query: URLSearchParams, books: Books): Reply {
  return eachSymbol(query, books, (symbol) => {
    const { b = "0", B = "0", a = "0", A = "0", T = 0 } = bestOf(symbol, books) ?? {};
    return { symbol, bidPrice: b, bidQty: B, askPrice: a, askQty: A, time: T };
  });
}

/** Binance: "Order Book". The simulated book has one level, the best bid and ask. */
export function depth(query: URLSearchParams, books: Books): Reply {
  const symbol = query.get("symbol");
  if (!symbol) return missing("symbol");
  if (!books.symbols.includes(symbol)) return invalidSymbol;
  const limit = query.get("limit") ?? "500";
  if (!books.market.limits.depths.includes(Number(limit))) {
    return fault(400, -4021, `${limit} is not valid depth limit.`);
  }
  const best = bestOf(symbol, books);
  return {
    status: 200,
    body: {
      lastUpdateId: best?.u ?? 0,
      E: books.now,
      T: best?.T ?? books.now,
      bids: best ? [[best.b, best.B]] : [],
      asks: best ? [[best.a, best.A]] : [],
    },
  };
}

/** The fields of bookTicker messages that the answer has. */
type Best = { readonly u: number; readonly T: number } & Readonly<Record<"b" | "B" | "a" | "A", string>>;

function bestOf(symbol: string, { newest }: Books): Best | undefined {
  return newest.of(`${symbol.toLowerCase()}@bookTicker`) as Best | undefined;
}

/** Answers with the symbol that is asked for, or with an array of all if none is named. */
function eachSymbol(query: URLSearchParams, { symbols }: Books, bodyOf: (symbol: string) => object): Reply {
  const symbol = query.get("symbol");
  if (!symbol) return { status: 200, body: symbols.map(bodyOf) };
  return symbols.includes(symbol) ? { status: 200, body: bodyOf(symbol) } : invalidSymbol;
}
