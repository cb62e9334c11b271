import { addTrade, type Candle, emptyCandle } from "../market/candle.ts";
import { type Instrument, instrumentOf } from "../market/instrument.ts";
import { spanOf } from "../market/interval.ts";
import { createRandom, hash } from "../market/random.ts";

export const DAY = 86_400_000;
const MINUTE = 60_000;

/** Aggregated trades of a day: two for each minute. */
const TRADES = 2 * 1_440;

/** One aggregated trade. Price and quantity are in the instrument's units, the time is ms since the epoch. */
export interface PastTrade {
  readonly id: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly time: number;
  readonly price: number;
  readonly quantity: number;
  readonly takerBuys: boolean;
}

/**
 * The aggregated trades of a symbol on a day before the market began, made up from a seed: always the same ones. Their ids go on from
 * day to day without a jump. One minute in about twenty has none.
 */
export function* pastTrades(symbol: string, day: number, seed: number): Generator<PastTrade> {
  const { price, tick, quantity } = instrumentOf(symbol);
  const random = createRandom(hash(`${seed} ${symbol} ${day}`));
  const number = Math.floor(day / DAY);
  let ticks = Math.round(price / tick);
  ticks += random(Math.ceil(ticks / 10)) - Math.floor(ticks / 20);
  for (let n = 0; n < TRADES; n++) {
    const minute = Math.floor(n / 2);
    const isQuiet = minute < 1_439 && (minute * 7 + number) % 19 === 0;
    // The trades of a quiet minute come with the next one's beginning.
    const offset = isQuiet ? MINUTE + n % 2 : 10 + n % 2 * 30_000 + random(29_000);
    ticks = Math.max(1, ticks + random(5) - 2);
    const id = number * TRADES + n;
    yield {
      id,
      firstId: 3 * id,
      lastId: 3 * id + random(3),
      time: number * DAY + minute * MINUTE + offset,
      price: ticks * tick,
      quantity: 1 + random(8 * quantity),
      takerBuys: random(2) === 0,
    };
  }
}

/** The candles of a symbol on a day before the market began: what its trades add up to. */
export function pastCandles(symbol: string, interval: string, day: number, seed: number): Candle[] {
  const candles: Candle[] = [];
  let at = Math.floor(day / DAY) * DAY;
  const end = at + DAY;
  const add = (price: number) => {
    const candle = emptyCandle(spanOf(interval, at), price);
    candles.push(candle);
    at = candle.closeTime + 1;
  };
  for (const { time, firstId, lastId, ...trade } of pastTrades(symbol, day, seed)) {
    while (at <= time) add(candles.at(-1)?.close ?? trade.price);
    const candle = candles.at(-1)!;
    addTrade(candle, { ...trade, id: firstId, time });
    candle.trades += lastId - firstId;
    candle.lastTradeId = lastId;
  }
  while (at < end) add(candles.at(-1)!.close);
  return candles;
}

/** Where prices and quantities have their points. */
export type Scales = Pick<Instrument, "priceScale" | "quantityScale">;
