import type { MarketEvent } from "../event.ts";
import { type CandleSeries, createCandleSeries } from "./candle_series.ts";
import { decimalText } from "./decimal.ts";
import { instrumentOf } from "./instrument.ts";
import type { Random } from "./random.ts";

/** The order book's top, the trades and the candles of one symbol. Times are ms since the epoch. */
export interface SymbolMarket {
  readonly candles: readonly CandleSeries[];
  /** The best bid and ask change. `time` is `T`, `eventTime` is `E`. */
  quote(updateId: number, time: number, eventTime: number): MarketEvent;
  /** Makes a trade at the best bid or ask; makes none in a quiet minute. */
  trade(time: number, eventTime: number): MarketEvent | undefined;
}

/** One minute in so many passes without a trade, so that candles without trades occur. */
const quietMinutes = 20;

/** @throws {RangeError} if Binance has no such interval */
export function createSymbolMarket(
  symbol: string,
  intervals: readonly string[],
  random: Random,
  startTime: number,
): SymbolMarket {
  const instrument = instrumentOf(symbol);
  const { pair, priceScale, quantityScale, tick } = instrument;
  const name = symbol.toLowerCase();
  const ticks = Math.round(instrument.price / tick);
  const floor = Math.ceil(ticks / 2);
  const priceText = (ticks: number) => decimalText(ticks * tick, priceScale);
  const quantityText = (units: number) => decimalText(units, quantityScale);
  // A product of two even draws: mostly small, now and then several times the usual.
  const quantity = () => 1 + random(1 + random(8 * instrument.quantity));

  let bid = ticks - Math.floor(ticks / 20) + random(Math.ceil(ticks / 10));
  let spread = 1;
  let bidQuantity = quantity();
  let askQuantity = quantity();
  // Starts with the time, so that ids go on rising when the exchange is started again.
  let tradeId = startTime * 4;
  let minute = 0;
  let isQuiet = false;

  const candles = intervals.map((interval) =>
    createCandleSeries(instrument, interval, random, startTime, bid * tick)
  );

  const step = () => {
    const kind = random(16);
    if (kind > 3) {
      if (kind % 2) bidQuantity = quantity();
      else askQuantity = quantity();
      return;
    }
    bid = Math.max(floor, bid + random(3) - 1);
    spread = random(12) ? 1 : 1 + random(4);
    bidQuantity = quantity();
    askQuantity = quantity();
  };

  return {
    candles,
    quote(updateId, time, eventTime) {
      step();
      return {
        stream: `${name}@bookTicker`,
        time: eventTime,
        head: `{"e":"bookTicker","u":${updateId},"s":"${symbol}","ps":"${pair}","b":"${priceText(bid)}",` +
          `"B":"${quantityText(bidQuantity)}","a":"${priceText(bid + spread)}",` +
          `"A":"${quantityText(askQuantity)}","T":${time},"E":`,
        tail: ',"st":1}',
      };
    },
    trade(time, eventTime) {
      const thisMinute = Math.floor(time / 60_000);
      if (thisMinute !== minute) {
        minute = thisMinute;
        isQuiet = random(quietMinutes) === 0;
      }
      if (isQuiet) return;
      // Binance leaves some ids out of the stream: `n` need not equal `L - f + 1`.
      tradeId += random(40) ? 1 : 2;
      const takerBuys = random(2) === 0;
      const price = (takerBuys ? bid + spread : bid) * tick;
      const trade = { id: tradeId, time, price, quantity: quantity(), takerBuys };
      for (const series of candles) series.add(trade);
      return {
        stream: `${name}@trade`,
        time: eventTime,
        head: '{"e":"trade","E":',
        tail: `,"T":${time},"s":"${symbol}","t":${tradeId},"p":"${decimalText(price, priceScale)}",` +
          `"q":"${quantityText(trade.quantity)}","X":"MARKET","m":${!takerBuys},"st":1}`,
      };
    },
  };
}
