import type { MarketEvent } from "../local/exchange/event.ts";
import { createRandom } from "../local/exchange/market/random.ts";
import { createSymbolMarket } from "../local/exchange/market/symbol_market.ts";
import { usualSymbols } from "../local/exchange/market/instrument.ts";
import { sleep } from "../shared/wait.ts";
import type { Book } from "../shared/streams/book.ts";
import { bookOf, frameOf } from "./feed.ts";
import type { FrameServer } from "./frame_server.ts";
import { microseconds } from "./sightings.ts";

/**
 * Sends book updates of ten symbols, `rate` a second, until the signal is aborted, and returns them as messages. An update's id
 * is the time at which its frame was handed to the socket, in µs since the epoch: so a row in the table has it.
 */
export async function sendPaced(server: FrameServer, rate: number, signal: AbortSignal): Promise<Book[]> {
  const random = createRandom(1);
  const markets = usualSymbols.map((symbol) => createSymbolMarket(symbol, [], random, Date.now(), "cut"));
  const sent: MarketEvent[] = [];
  const startedAt = performance.now();
  let id = 0;
  while (!signal.aborted) {
    const due = Math.floor((performance.now() - startedAt) * rate / 1_000) - sent.length;
    const events = Array.from({ length: due }, () => {
      id = Math.max(id + 1, microseconds());
      const time = Math.floor(id / 1_000);
      // The lesser of two draws: the first symbols are the busiest.
      return markets[Math.min(random(markets.length), random(markets.length))].quote(id, time, time);
    });
    if (due > 0) await server.send(Buffer.concat(events.map(frameOf)));
    sent.push(...events);
    await sleep(1, signal);
  }
  return sent.map(bookOf);
}
