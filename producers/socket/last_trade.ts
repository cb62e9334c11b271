import type { Log } from "../../shared/log.ts";
import { request } from "../../shared/exchange/request.ts";
import type { RequestPause } from "../../shared/exchange/request_pause.ts";
import { INVALID_SYMBOL } from "../../shared/exchange/rest.ts";
import type { Look } from "./feed_watchdog.ts";

const ANSWER_MS = 3_000;
/** What a symbol that is delisted, or that there never was, has traded since it was last looked at. */
const NOTHING = "nothing";

/**
 * Looks by REST at what a feed's symbol has traded: the id of its last trade, which nothing but a trade changes. A look costs one
 * unit of request weight. Binance: "24hr Ticker Price Change Statistics".
 *
 * @param url the URL of that endpoint, without a query
 */
export function lookByRest(url: string, requestPause: RequestPause, log: Log): Look {
  /** Symbols that were logged as unknown. */
  const unknown = new Set<string>();
  return async (feed) => {
    if (requestPause.leftFor(1) > 0) return undefined;
    const symbol = feed.slice(0, feed.indexOf("@")).toUpperCase();
    try {
      const query = new URLSearchParams({ symbol });
      const { ok, status, text } = await request(`${url}?${query}`, requestPause, ANSWER_MS);
      if (ok) return (JSON.parse(text) as { lastId?: number }).lastId?.toString();
      const fields = { symbol, status, answer: text.slice(0, 200) };
      if (status !== 400) {
        log.sparsely("look", "cannot ask the exchange for this symbol's last trade", fields);
        return undefined;
      }
      if (!unknown.has(symbol)) {
        unknown.add(symbol);
        log.warn("the exchange does not know this symbol: is it in SYMBOLS by mistake?", fields);
      }
      if (JSON.parse(text).code === INVALID_SYMBOL) return NOTHING;
    } catch (error) {
      log.debug("no look at the trades", { symbol, error });
    }
    return undefined;
  };
}
