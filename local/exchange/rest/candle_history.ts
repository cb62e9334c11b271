import { spanOf } from "../market/interval.ts";

/** A row of REST's klines. Binance: "Kline/Candlestick Data". Prices and volumes are decimal text. */
export type KlineRow = [
  openTime: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
  closeTime: number,
  quoteVolume: string,
  trades: number,
  takerVolume: string,
  takerQuoteVolume: string,
  ignore: string,
];

/** The newest candles of each symbol and interval, as the streams told them. */
export interface CandleHistory {
  /** Takes in a kline payload. */
  add(payload: string): void;
  /** Candles in order of time, the one of `now` (ms since the epoch) last, though nothing was traded in it yet. */
  rows(symbol: string, interval: string, now: number): KlineRow[];
  /** The id of the symbol's last trade and its price; undefined before the first. */
  lastTrade(symbol: string): { readonly id: number; readonly price: string } | undefined;
}

/** As many as one request may ask for. */
const kept = 1_500;

export function createCandleHistory(): CandleHistory {
  const all = new Map<string, Map<number, KlineRow>>();
  const trades = new Map<string, { id: number; price: string }>();
  return {
    add(payload) {
      const { k } = JSON.parse(payload);
      if (k.L > (trades.get(k.s)?.id ?? -1)) trades.set(k.s, { id: k.L, price: k.c });
      const key = `${k.s} ${k.i}`;
      const rows = all.get(key) ?? new Map<number, KlineRow>();
      all.set(key, rows);
      rows.set(k.t, [k.t, k.o, k.h, k.l, k.c, k.v, k.T, k.q, k.n, k.V, k.Q, "0"]);
      if (rows.size > kept) rows.delete(rows.keys().next().value!);
    },
    rows(symbol, interval, now) {
      const rows = [...all.get(`${symbol} ${interval}`)?.values() ?? []];
      while (rows.length > 0 && rows.at(-1)![6] < now && rows.length <= 2 * kept) {
        const [, , , , price, , closeTime] = rows.at(-1)!;
        const next = spanOf(interval, closeTime + 1);
        rows.push([next.openTime, price, price, price, price, "0", next.closeTime, "0", 0, "0", "0", "0"]);
      }
      return rows;
    },
    lastTrade: (symbol) => trades.get(symbol),
  };
}
