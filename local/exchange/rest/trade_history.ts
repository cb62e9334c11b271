/** A row of REST's aggTrades. Binance: "Compressed/Aggregate Trades List". `nq` is missing in recordings older than 2025-12-31. */
export interface AggTradeRow {
  readonly a: number;
  readonly p: string;
  readonly q: string;
  readonly nq?: string;
  readonly f: number;
  readonly l: number;
  readonly T: number;
  readonly m: boolean;
}

/** The newest aggregated trades of each symbol, as an exchange without faults sends them. */
export interface TradeHistory {
  /** Takes in an aggTrade payload. */
  add(payload: string): void;
  /** In order of their ids. */
  rows(symbol: string): readonly AggTradeRow[];
}

/** So many at least of a symbol, and twice as many at most, which take 10 MB. At 200 messages/s they are the last hours. */
const kept = 25_000;

export function createTradeHistory(least = kept): TradeHistory {
  const all = new Map<string, AggTradeRow[]>();
  return {
    add(payload) {
      const { s, a, p, q, nq, f, l, T, m } = JSON.parse(payload);
      const rows = all.get(s) ?? [];
      all.set(s, rows);
      rows.push({ a, p, q, nq, f, l, T, m });
      if (rows.length > 2 * least) rows.splice(0, least); // seldom and many, as each removal moves all that stay
    },
    rows: (symbol) => all.get(symbol) ?? [],
  };
}
