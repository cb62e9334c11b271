import { scaleOf, unitsOf } from "./decimal.ts";
import { createRandom, hash } from "./random.ts";

/** What the exchange trades. Prices and quantities are whole units of 10^-scale, so that sums are exact. */
export interface Instrument {
  readonly symbol: string;
  /** The symbol without its delivery date: the field `ps`. */
  readonly pair: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly priceScale: number;
  readonly quantityScale: number;
  /** The least step of a price, in units. */
  readonly tick: number;
  /** A price and a quantity that are usual, in units. */
  readonly price: number;
  readonly quantity: number;
}

/** A usual price, tick and quantity, as Binance quoted them in 2026. */
const quoted: Record<string, [price: string, tick: string, quantity: string]> = {
  BTCUSDT: ["84550.00", "0.10", "0.120"],
  ETHUSDT: ["2660.00", "0.01", "2.000"],
  BNBUSDT: ["720.000", "0.010", "1.50"],
  XRPUSDT: ["1.5000", "0.0001", "900.0"],
  SOLUSDT: ["142.0000", "0.0100", "12.00"],
  ADAUSDT: ["0.48000", "0.00010", "2500"],
  DOGEUSDT: ["0.138000", "0.000010", "9000"],
  POLUSDT: ["0.2150000", "0.0000100", "4000"],
  DOTUSDT: ["3.100", "0.001", "150.0"],
  AVAXUSDT: ["15.0000", "0.0010", "40"],
  "1000PEPEUSDT": ["0.0044480", "0.0000001", "60000"],
};

/** The symbols that are traded if none are named. */
export const usualSymbols = Object.keys(quoted).slice(0, 10);

/** `BTCUSDT_261225` → `BTCUSDT`. */
export function pairOf(symbol: string): string {
  return symbol.replace(/_.*$/, "");
}

/** What kind of contract a symbol is; a dated one counts as the current quarter's. */
export function contractTypeOf(symbol: string): "PERPETUAL" | "CURRENT_QUARTER" {
  return symbol.includes("_") ? "CURRENT_QUARTER" : "PERPETUAL";
}

/** The instrument of a symbol; one that is not known gets a price and a scale of its own, always the same. */
export function instrumentOf(symbol: string): Instrument {
  const [price, tick, quantity] = quoted[symbol] ?? invented(symbol);
  const pair = pairOf(symbol);
  const quoteAsset = ["USDT", "USDC"].find((asset) => pair.endsWith(asset)) ?? "";
  return {
    symbol,
    pair,
    baseAsset: pair.slice(0, pair.length - quoteAsset.length),
    quoteAsset,
    priceScale: scaleOf(price),
    quantityScale: scaleOf(quantity),
    tick: unitsOf(tick),
    price: unitsOf(price),
    quantity: unitsOf(quantity),
  };
}

function invented(symbol: string): [string, string, string] {
  const random = createRandom(hash(symbol));
  const scale = 3 + random(4);
  const price = (2_000 + random(8_000)) / 10 ** (scale - 1);
  return [price.toFixed(scale), (10 ** -scale).toFixed(scale), String(100 + random(5_000))];
}
