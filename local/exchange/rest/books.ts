import type { Market } from "../../../shared/exchange/markets/mod.ts";
import { type MarketEvent, payloadText } from "../event.ts";
import { type CandleHistory, createCandleHistory } from "./candle_history.ts";
import { createNewest, type Newest } from "./newest.ts";

/** What REST answers about. */
export interface Books {
  readonly market: Market;
  /** Upper case. */
  readonly symbols: readonly string[];
  readonly candles: CandleHistory;
  readonly newest: Newest;
  /** The exchange's time, ms since the epoch. */
  readonly now: number;
}

/** Books that follow the messages that are played. */
export function createBooks(
  market: Market,
  symbols: readonly string[],
): Books & { add(event: MarketEvent): void } {
  const candles = createCandleHistory();
  const newest = createNewest();
  let lastTime = 0;
  return {
    market,
    symbols,
    candles,
    newest,
    get now() {
      return lastTime || Date.now();
    },
    add(event) {
      lastTime = Math.max(lastTime, event.time);
      newest.add(event);
      if (event.stream.includes("@kline_")) candles.add(payloadText(event, 0));
    },
  };
}
