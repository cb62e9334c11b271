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

/** Counts weight by the minute, and refuses what is above the market's limit. */
export interface UsedWeight {
  /**
   * Adds to what was used within the minute of `now`, in ms since the epoch. Returns with what the request is refused, if it is: with 429
   * until the minute ends, and with 418 for two minutes if requests go on.
   */
  add(weight: number, now: number): { status: number; retryAfter: number } | undefined;
  readonly counts: { readonly used: number; readonly most: number; readonly refused: number };
}

/** So many refused requests of a minute are a ban. Not documented. */
const MOST_REFUSED = 10;
const BAN_MS = 120_000;

export function createUsedWeight(limit: number): UsedWeight {
  const counts = { used: 0, most: 0, refused: 0 };
  let minute = 0;
  let refusedNow = 0;
  let bannedUntil = 0;
  return {
    add(weight, now) {
      const thisMinute = Math.floor(now / 60_000);
      if (thisMinute !== minute) counts.used = refusedNow = 0;
      minute = thisMinute;
      counts.used += weight;
      counts.most = Math.max(counts.most, counts.used);
      if (counts.used <= limit && now >= bannedUntil) return undefined;
      counts.refused++;
      if (++refusedNow > MOST_REFUSED && now >= bannedUntil) bannedUntil = now + BAN_MS;
      const isBanned = now < bannedUntil;
      const until = isBanned ? bannedUntil : (minute + 1) * 60_000;
      return { status: isBanned ? 418 : 429, retryAfter: Math.ceil((until - now) / 1_000) };
    },
    counts,
  };
}
