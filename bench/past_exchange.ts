import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { candleFields } from "../local/exchange/archive/csv.ts";
import { DAY, pastCandles } from "../local/exchange/archive/past.ts";
import { listener } from "../local/exchange/http.ts";
import { instrumentOf } from "../local/exchange/market/instrument.ts";
import { createBooks } from "../local/exchange/rest/books.ts";
import type { KlineRow } from "../local/exchange/rest/candle_history.ts";
import { createRest, type Rest } from "../local/exchange/rest/rest.ts";
import { usualMarket } from "../shared/exchange/markets/mod.ts";

/** REST of the simulated exchange, with its weights, on a day of the past. */
export interface PastExchange extends AsyncDisposable {
  readonly url: string;
  readonly weight: Rest["weight"];
  /** Requests so far. */
  readonly requests: number;
}

/**
 * Serves the candles that the simulated archive has of the symbols on one day. A market that plays them would take hours to make a day
 * of hundreds of symbols.
 * @param day its beginning in UTC, in ms since the epoch
 */
export async function servePast(
  symbols: readonly string[],
  day: number,
  seed: number,
): Promise<PastExchange> {
  const books = createBooks(usualMarket, symbols);
  let known: { readonly name: string; readonly rows: KlineRow[] } | undefined;
  const rowsOf = (symbol: string, interval: string): KlineRow[] => {
    const name = `${symbol} ${interval}`;
    // The pages of a symbol are asked for one after the other.
    if (known?.name !== name) {
      const scales = instrumentOf(symbol);
      const candles = pastCandles(symbol, interval, day, seed);
      known = { name, rows: candles.map((one) => candleFields(one, scales).with(11, "0") as KlineRow) };
    }
    return known.rows;
  };
  const rest = createRest({
    ...{ market: usualMarket, symbols, trades: books.trades, newest: books.newest },
    candles: { ...books.candles, rows: rowsOf },
    get now() {
      return Date.now();
    },
  });
  let requests = 0;
  const server = createServer(listener((request) => {
    requests++;
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    return Promise.resolve(rest(request.method ?? "", pathname, searchParams));
  }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    weight: rest.weight,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The beginning of the last whole day in UTC, in ms since the epoch. */
export const yesterday = (): number => Math.floor(Date.now() / DAY) * DAY - DAY;
