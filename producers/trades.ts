import type { Log } from "../shared/log.ts";
import type { Look } from "./watchdog.ts";

/**
 * Looks at what a stream's symbol has traded, by REST: the last candle's time and number of trades. Costs one unit of
 * request weight of 2,400 a minute. Binance: "Kline/Candlestick Data".
 */
export function lookByRest(base: string, log: Log): Look {
  return async (stream) => {
    const symbol = stream.slice(0, stream.indexOf("@")).toUpperCase();
    try {
      const query = new URLSearchParams({ symbol, interval: "1m", limit: "1" });
      const response = await fetch(`${base}/fapi/v1/klines?${query}`, { signal: AbortSignal.timeout(3_000) });
      const body = await response.text();
      if (!response.ok) {
        log.sparsely(
          `look ${symbol}`,
          "the exchange does not tell of this symbol: is it in SYMBOLS by mistake?",
          {
            symbol,
            answer: body.slice(0, 200),
          },
        );
        return undefined;
      }
      const [last] = JSON.parse(body) as unknown[][];
      return last ? `${last[0]} ${last[8]}` : "never traded"; // open time, number of trades
    } catch (error) {
      log.debug("no look at the trades", { symbol, error });
      return undefined;
    }
  };
}
