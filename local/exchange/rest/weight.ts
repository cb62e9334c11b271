import type { RestPaths } from "../../../shared/exchange/markets/mod.ts";

/** The weight by the symbols that an answer is about: one, or all of them. */
const bySymbols = (one: number, all: number) => (query: URLSearchParams) => query.get("symbol") ? one : all;

/** The weight by the rows that are asked for: that of the first step that holds them. */
const byLimit = (usual: number, steps: readonly (readonly [most: number, weight: number])[]) =>
(
  query: URLSearchParams,
) => {
  const limit = Number(query.get("limit") ?? usual);
  return (steps.find(([most]) => limit <= most) ?? steps.at(-1)!)[1];
};

const klines = byLimit(500, [[99, 1], [499, 2], [1_000, 5], [1_500, 10]]);

/** What a request costs of the market's weight a minute. Binance: "Request Weight" of each endpoint. */
export const weights: Record<keyof RestPaths, (query: URLSearchParams) => number> = {
  ping: () => 1,
  time: () => 1,
  exchangeInfo: () => 1,
  klines,
  continuousKlines: klines,
  aggTrades: () => 20,
  depth: byLimit(500, [[50, 2], [100, 5], [500, 10], [1_000, 20]]),
  ticker24h: bySymbols(1, 40),
  price: bySymbols(1, 2),
  priceV2: bySymbols(1, 2),
  bookTicker: bySymbols(2, 5),
};

/** Counts weight by the minute. */
export interface UsedWeight {
  /** Adds to what was used within the minute of `now`, in ms since the epoch, and says how much that is. */
  add(weight: number, now: number): number;
}

export function createUsedWeight(): UsedWeight {
  let minute = 0;
  let used = 0;
  return {
    add(weight, now) {
      const thisMinute = Math.floor(now / 60_000);
      if (thisMinute !== minute) used = 0;
      minute = thisMinute;
      return used += weight;
    },
  };
}
