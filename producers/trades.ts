import type { Log } from "../shared/log.ts";
import type { Look } from "./watchdog.ts";

/**
 * Looks at what a stream's symbol has traded, by REST: the id of its last trade, which nothing but a trade changes. Costs one
 * unit of request weight of 2,400 a minute. Binance: "24hr Ticker Price Change Statistics".
 */
export function lookByRest(base: string, log: Log): Look {
  return async (stream) => {
    const symbol = stream.slice(0, stream.indexOf("@")).toUpperCase();
    try {
      const query = new URLSearchParams({ symbol });
      const response = await fetch(`${base}/fapi/v1/ticker/24hr?${query}`, {
        signal: AbortSignal.timeout(3_000),
      });
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
      const { lastId } = JSON.parse(body) as { lastId?: number };
      return lastId?.toString();
    } catch (error) {
      log.debug("no look at the trades", { symbol, error });
      return undefined;
    }
  };
}
