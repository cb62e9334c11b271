import type { MarketEvent } from "../event.ts";
import type { Cut } from "./aggregator.ts";
import { createRandom } from "./random.ts";
import { createSymbolMarket } from "./symbol_market.ts";

/** The same options give the same events, to the letter. */
export interface MarketOptions {
  /** Upper case. */
  readonly symbols: readonly string[];
  /** Candles are made of these intervals only. */
  readonly intervals: readonly string[];
  /** Messages a second of market time, over all streams. Closing frames come on top, since a candle closes at any rate. */
  readonly rate: number;
  readonly seed: number;
  /** Where the market's time begins, ms since the epoch. */
  readonly startTime: number;
  /** Whether aggregated trades end with their minute; by default they do. */
  readonly aggTrades?: Cut;
  /** Whether a symbol passes one minute in twenty without a trade; by default it does. */
  readonly quietMinutes?: boolean;
}

/** How often candles and aggregated trades are looked at for frames that are due, ms of market time. */
const tick = 10;

/**
 * A market without end, in order of time. Updates come in bursts that share (T, E), as 41 % of the recorded ones do, and
 * one in eight is a trade; `u` rises over all symbols, by no fixed step.
 * @throws {RangeError} if Binance has no such interval
 */
export function* market(
  { symbols, intervals, rate, seed, startTime, aggTrades = "cut", quietMinutes }: MarketOptions,
): Generator<MarketEvent> {
  const random = createRandom(seed);
  const markets = symbols.map((symbol) =>
    createSymbolMarket(symbol, intervals, random, startTime, aggTrades, quietMinutes)
  );
  const candles = markets.flatMap((one) => one.candles);
  const eventTimes = markets.map(() => 0);
  let now = startTime;
  let nextTick = startTime;
  let updateId = 0;

  for (;;) {
    let messages = 0;
    for (; nextTick <= now; nextTick += tick) {
      for (const { aggTradeAt } of markets) {
        const aggTrade = aggTradeAt(nextTick);
        if (!aggTrade) continue;
        yield aggTrade;
        messages++;
      }
      for (const series of candles) {
        const closed = series.closedFrameAt(nextTick);
        if (closed) yield closed;
        const open = series.openFrameAt(nextTick);
        if (!open) continue;
        yield open;
        messages++;
      }
    }

    // The lesser of two draws: the first symbols are the busiest.
    const index = Math.min(random(symbols.length), random(symbols.length));
    const time = Math.floor(now);
    const eventTime = eventTimes[index] = Math.max(eventTimes[index], time + random(1 + random(4)));
    for (let left = 1 + random(1 + random(4)); left > 0; left--) {
      // Tied to the time, so that ids go on rising when the exchange is started again; 2^31 < u < 2^53.
      updateId = Math.max(updateId + 1 + random(3), time * 64);
      const trades = random(8) === 0 ? markets[index].trade(time, eventTime) : [];
      const events = trades.length > 0 ? trades : [markets[index].quote(updateId, time, eventTime)];
      yield* events;
      messages += events.length;
    }
    now += messages * (1_000 / rate) * (random(2_001) / 1_000);
  }
}
