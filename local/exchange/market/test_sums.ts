import assert from "node:assert/strict";
import { decimalText, scaleOf } from "./decimal.ts";

/** A trade, aggregated or not, as far as candles are made of it. */
export interface Part {
  readonly T: number;
  readonly p: string;
  readonly q: string;
  readonly m: boolean;
}

/** What a candle says of its trades, by Binance's one-letter names. Decimals without zeros at their end. */
export type Sums = Readonly<Record<"o" | "h" | "l" | "c" | "v" | "q" | "V" | "Q", string>>;

/** What trades add up to by the minute, computed in another way than the market's own. Minutes are ms since the epoch. */
export function sumsByMinute(trades: readonly Part[]): Map<number, Sums> {
  const minutes = Map.groupBy(trades, ({ T }) => T - T % 60_000);
  return new Map([...minutes].map(([minute, parts]) => [minute, sumsOf(parts)]));
}

/** The sums that a candle's fields are, from a kline's `k` or a row by the same names. */
export function sumsIn(candle: Sums): Sums {
  const { o, h, l, c, v, q, V, Q } = candle;
  return trimmed({ o, h, l, c, v, q, V, Q });
}

/** 10^-20 is finer than any product of a price and a quantity. */
const SCALE = 20;

const big = (text: string, scale = SCALE) =>
  BigInt(text.replace(".", "")) * 10n ** BigInt(scale - scaleOf(text));

function sumsOf(trades: readonly Part[]): Sums {
  assert.ok(trades.length > 0);
  const byPrice = trades.map(({ p }) => p).sort((a, b) => Number(big(a) - big(b)));
  const add = (some: readonly Part[], of: (trade: Part) => bigint) =>
    decimalText(some.reduce((sum, trade) => sum + of(trade), 0n), SCALE);
  const base = ({ q }: Part) => big(q);
  const quote = ({ p, q }: Part) => big(p, SCALE / 2) * big(q, SCALE / 2);
  const bought = trades.filter(({ m }) => !m);
  return trimmed({
    o: trades[0].p,
    h: byPrice.at(-1)!,
    l: byPrice[0],
    c: trades.at(-1)!.p,
    v: add(trades, base),
    q: add(trades, quote),
    V: add(bought, base),
    Q: add(bought, quote),
  });
}

function trimmed(sums: Sums): Sums {
  const trim = (text: string) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return Object.fromEntries(Object.entries(sums).map(([name, text]) => [name, trim(text)])) as Sums;
}
