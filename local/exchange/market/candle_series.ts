import type { MarketEvent } from "../event.ts";
import { addTrade, type Candle, emptyCandle, klineEvent, type Trade } from "./candle.ts";
import type { Instrument } from "./instrument.ts";
import { spanOf } from "./interval.ts";
import type { Random } from "./random.ts";

/** Binance: "Update Speed: 250ms". */
const leastPause = 250;

/** The candles of one symbol and interval, one after the other. */
export interface CandleSeries {
  /** Adds a trade to the candle of its time. */
  add(trade: Trade): void;
  /** The last frame of the candle before, if it is due. Times are ms since the epoch. */
  closedFrameAt(now: number): MarketEvent | undefined;
  /** A frame of the candle that is being traded, if something traded since the last one. */
  openFrameAt(now: number): MarketEvent | undefined;
}

/** `startTime` in ms since the epoch; `price` in the instrument's units is what an empty first candle shows. */
export function createCandleSeries(
  instrument: Instrument,
  interval: string,
  random: Random,
  startTime: number,
  price: number,
): CandleSeries {
  let candle = emptyCandle(spanOf(interval, startTime), price);
  let ended: { candle: Candle; dueAt: number } | undefined;
  let changed = false;
  let sentAt = -Infinity;

  const rollTo = (time: number) => {
    if (time <= candle.closeTime) return;
    // In the recordings a close comes 0.2 to 2.0 s late; a frame of the next candle only after it.
    ended = { candle, dueAt: candle.closeTime + 1 + 200 + random(1_790) };
    candle = emptyCandle(spanOf(interval, time), candle.close);
    changed = false;
  };

  return {
    add(trade) {
      rollTo(trade.time);
      addTrade(candle, trade);
      changed = true;
    },
    closedFrameAt(now) {
      rollTo(now);
      if (!ended || now < ended.dueAt) return;
      const frame = klineEvent(instrument, interval, ended.candle, true, now);
      ended = undefined;
      return frame;
    },
    openFrameAt(now) {
      rollTo(now);
      if (ended || !changed || now < sentAt + leastPause) return;
      changed = false;
      sentAt = now;
      return klineEvent(instrument, interval, candle, false, now);
    },
  };
}
