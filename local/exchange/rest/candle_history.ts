import { intervals, spanOf } from "../market/interval.ts";

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

/** The newest candles of each symbol and interval, as the streams sent them. Times are ms since the epoch. */
export interface CandleHistory {
  /** Takes in a kline payload. */
  add(payload: string): void;
  /** Candles in order of time, the one of `now` last, though nothing was traded in it yet; those that no stream sent have no trades. */
  rows(symbol: string, interval: string, now: number): KlineRow[];
  /** Candles of the shortest interval that was played, without those that ended before `from`; and the id of their first trade, or -1. */
  since(symbol: string, from: number): { readonly rows: KlineRow[]; readonly firstId: number };
  /** The id of the symbol's last trade and its price; undefined before the first. */
  lastTrade(symbol: string): { readonly id: number; readonly price: string } | undefined;
}

interface Entry {
  readonly row: KlineRow;
  /** -1 if nothing was traded. */
  readonly firstId: number;
}

/** One request asks for no more in any market. */
const kept = 1_500;

export function createCandleHistory(): CandleHistory {
  const all = new Map<string, Map<number, Entry>>();
  const trades = new Map<string, { id: number; price: string }>();
  const entriesOf = (
    symbol: string,
    interval: string,
  ) => [...all.get(`${symbol} ${interval}`)?.values() ?? []];
  return {
    add(payload) {
      const { k } = JSON.parse(payload);
      if (k.L > (trades.get(k.s)?.id ?? -1)) trades.set(k.s, { id: k.L, price: k.c });
      const key = `${k.s} ${k.i}`;
      const entries = all.get(key) ?? new Map<number, Entry>();
      all.set(key, entries);
      entries.set(k.t, {
        row: [k.t, k.o, k.h, k.l, k.c, k.v, k.T, k.q, k.n, k.V, k.Q, "0"],
        firstId: k.f,
      });
      if (entries.size > kept) entries.delete(entries.keys().next().value!);
    },
    rows(symbol, interval, now) {
      const rows: KlineRow[] = [];
      const fillTo = (time: number) => {
        while (rows.length > 0 && rows.at(-1)![6] < time && rows.length <= 2 * kept) {
          const [, , , , price, , closeTime] = rows.at(-1)!;
          const next = spanOf(interval, closeTime + 1);
          rows.push([next.openTime, price, price, price, price, "0", next.closeTime, "0", 0, "0", "0", "0"]);
        }
      };
      for (const { row } of entriesOf(symbol, interval)) {
        fillTo(row[0] - 1);
        rows.push(row);
      }
      fillTo(now);
      return rows;
    },
    since(symbol, from) {
      const shortest = intervals.find((interval) => all.has(`${symbol} ${interval}`)) ?? "";
      const entries = entriesOf(symbol, shortest).filter(({ row }) => row[6] >= from);
      return {
        rows: entries.map(({ row }) => row),
        firstId: entries.find(({ firstId }) => firstId >= 0)?.firstId ?? -1,
      };
    },
    lastTrade: (symbol) => trades.get(symbol),
  };
}
