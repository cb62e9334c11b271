import type { MarketEvent } from "../event.ts";
import { createAggregator, type Cut } from "./aggregator.ts";
import { type CandleSeries, createCandleSeries } from "./candle_series.ts";
import { decimalText } from "./decimal.ts";
import { instrumentOf } from "./instrument.ts";
import type { Random } from "./random.ts";

/** The order book's top, the trades and the candles of one symbol. Times are ms since the epoch. */
export interface SymbolMarket {
  readonly candles: readonly CandleSeries[];
  /** The best bid and ask change. `time` is `T`, `eventTime` is `E`. */
  quote(updateId: number, time: number, eventTime: number): MarketEvent;
  /**
   * Makes a trade at the best bid or ask; makes none in a quiet minute. The trade comes after the aggregated trade that it
   * ends, if it ends one.
   */
  trade(time: number, eventTime: number): MarketEvent[];
  /** The aggregated trade that has to be sent by `now`, if there is one. */
  aggTradeAt(now: number): MarketEvent | undefined;
}

/** One minute in so many passes without a trade, so that candles without trades occur. */
const QUIET_ONE_IN = 20;

/** @throws {RangeError} if Binance has no such interval */
export function createSymbolMarket(
  symbol: string,
  intervals: readonly string[],
  random: Random,
  startTime: number,
  cut: Cut,
  quietMinutes = true,
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
  let takerBuys = true;
  let minute = 0;
  let isQuiet = false;

  const candles = intervals.map((interval) =>
    createCandleSeries(instrument, interval, random, startTime, bid * tick)
  );

  const aggregator = createAggregator(symbol, cut);

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
        isQuiet = random(QUIET_ONE_IN) === 0 && quietMinutes;
      }
      if (isQuiet) return [];
      // Binance leaves some ids out of the stream: `n` need not equal `L - f + 1`.
      tradeId += random(40) ? 1 : 2;
      if (random(4) === 0) takerBuys = !takerBuys; // takers of one side come one after the other
      const isRpi = random(12) === 0;
      const price = (takerBuys ? bid + spread : bid) * tick;
      const trade = { id: tradeId, time, price, quantity: quantity(), takerBuys };
      for (const series of candles) series.add(trade);
      const text = {
        ...{ id: tradeId, time, takerBuys, isRpi },
        ...{ price: decimalText(price, priceScale), quantity: quantityText(trade.quantity) },
      };
      const ended = aggregator.add(text, eventTime);
      const event: MarketEvent = {
        stream: `${name}@trade`,
        time: eventTime,
        head: '{"e":"trade","E":',
        tail: `,"T":${time},"s":"${symbol}","t":${tradeId},"p":"${text.price}","q":"${text.quantity}",` +
          `"X":"${isRpi ? "RPI" : "MARKET"}","m":${!takerBuys},"st":1}`,
      };
      return ended ? [ended, event] : [event];
    },
    aggTradeAt: aggregator.dueAt,
  };
}
