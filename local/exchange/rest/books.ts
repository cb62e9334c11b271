import type { Market } from "../../../shared/exchange/markets/mod.ts";
import { type MarketEvent, payloadText } from "../event.ts";
import { type CandleHistory, createCandleHistory } from "./candle_history.ts";
import { createNewest, type Newest } from "./newest.ts";
import { createTradeHistory, type TradeHistory } from "./trade_history.ts";

/** What REST answers about. */
export interface Books {
  readonly market: Market;
  /** Upper case. */
  readonly symbols: readonly string[];
  readonly candles: CandleHistory;
  readonly trades: TradeHistory;
  readonly newest: Newest;
  /** The exchange's time, ms since the epoch. */
  readonly now: number;
}

/**
 * Books that follow the messages that are played.
 * @param clock the market's time, ms since the epoch; undefined where only the messages tell it
 */
export function createBooks(
  market: Market,
  symbols: readonly string[],
  clock: () => number | undefined = () => undefined,
): Books & { add(event: MarketEvent): void } {
  const candles = createCandleHistory();
  const trades = createTradeHistory();
  const newest = createNewest();
  let lastTime = 0;
  return {
    market,
    symbols,
    candles,
    trades,
    newest,
    get now() {
      return Math.floor(Math.max(lastTime, clock() ?? 0)) || Date.now();
    },
    add(event) {
      lastTime = Math.max(lastTime, event.time);
      newest.add(event);
      if (event.stream.includes("@kline_")) candles.add(payloadText(event, 0));
      if (event.stream.endsWith("@aggTrade")) trades.add(payloadText(event, 0));
    },
  };
}
