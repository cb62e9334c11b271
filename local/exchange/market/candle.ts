import type { MarketEvent } from "../event.ts";
import { decimalText } from "./decimal.ts";
import type { Instrument } from "./instrument.ts";
import type { Span } from "./interval.ts";

/** One trade. Price and quantity are in the instrument's units, the time is `T`. */
export interface Trade {
  readonly id: number;
  readonly time: number;
  readonly price: number;
  readonly quantity: number;
  readonly takerBuys: boolean;
}

/** What the trades of one span add up to, in the instrument's units; quote amounts outgrow 2^53. */
export interface Candle extends Span {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: bigint;
  quoteVolume: bigint;
  takerVolume: bigint;
  takerQuoteVolume: bigint;
  trades: number;
  firstTradeId: number;
  lastTradeId: number;
}

/** A candle without trades: all its prices are the last one known. */
export function emptyCandle(span: Span, price: number): Candle {
  return {
    ...span,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 0n,
    quoteVolume: 0n,
    takerVolume: 0n,
    takerQuoteVolume: 0n,
    trades: 0,
    firstTradeId: -1,
    lastTradeId: -1,
  };
}

/** Adds a trade to its candle, in place. */
export function addTrade(candle: Candle, { id, price, quantity, takerBuys }: Trade): void {
  const first = candle.trades === 0;
  if (first) {
    candle.open = price;
    candle.firstTradeId = id;
  }
  candle.high = first ? price : Math.max(candle.high, price);
  candle.low = first ? price : Math.min(candle.low, price);
  candle.close = price;
  candle.lastTradeId = id;
  candle.trades++;
  const base = BigInt(quantity);
  const quote = BigInt(price) * base;
  candle.volume += base;
  candle.quoteVolume += quote;
  if (!takerBuys) return;
  candle.takerVolume += base;
  candle.takerQuoteVolume += quote;
}

/** A kline frame, laid out as production lays it out, with spaces inside `k`. `time` is when it is sent, in ms. */
export function klineEvent(
  { symbol, priceScale, quantityScale }: Instrument,
  interval: string,
  candle: Candle,
  isClosed: boolean,
  time: number,
): MarketEvent {
  const price = (units: number) => decimalText(units, priceScale);
  const base = (units: bigint) => candle.trades === 0 ? "0" : decimalText(units, quantityScale);
  const quote = (units: bigint) => candle.trades === 0 ? "0" : decimalText(units, priceScale + quantityScale);
  return {
    stream: `${symbol.toLowerCase()}@kline_${interval}`,
    time,
    head: '{"e":"kline","E":',
    tail: `,"s":"${symbol}","k":{"t":${candle.openTime}, "T":${candle.closeTime}, "s":"${symbol}", ` +
      `"i":"${interval}", "f":${candle.firstTradeId}, "L":${candle.lastTradeId}, "o":"${
        price(candle.open)
      }", ` +
      `"c":"${price(candle.close)}", "h":"${price(candle.high)}", "l":"${price(candle.low)}", ` +
      `"v":"${base(candle.volume)}", "n":${candle.trades}, "x":${isClosed}, "q":"${
        quote(candle.quoteVolume)
      }", ` +
      `"V":"${base(candle.takerVolume)}", "Q":"${quote(candle.takerQuoteVolume)}", "B":"0"}}`,
  };
}
