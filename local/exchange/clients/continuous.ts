import { intervalOf, type MarketEvent, symbolOf } from "../event.ts";
import { contractTypeOf, pairOf } from "../market/instrument.ts";

/** `btcusdt@kline_1m` → `btcusdt_perpetual@continuousKline_1m`; undefined for streams other than candles. */
export function continuousName(stream: string): string | undefined {
  const interval = intervalOf(stream);
  if (interval === undefined) return;
  const symbol = symbolOf(stream);
  return `${pairOf(symbol)}_${contractTypeOf(symbol)}`.toLowerCase() + `@continuousKline_${interval}`;
}

/**
 * A candle as its continuous stream sends it, which some clients use in place of `kline`. Binance: "Continuous Contract
 * Kline/Candlestick Streams". `f` and `L` stay ids of trades, where Binance has update ids.
 * @param event a candle, whose payload begins with `e` and `E` and has `s` before `k`
 * @param name its continuous stream
 */
export function continuousKline(event: MarketEvent, name: string): MarketEvent {
  const symbol = symbolOf(event.stream);
  const head = event.head.replace(/"e"\s*:\s*"kline"/, '"e":"continuous_kline"');
  const contract = `"ps":"${pairOf(symbol)}","ct":"${contractTypeOf(symbol)}","k"`;
  const rename = (text: string) =>
    text.replace(/"s"\s*:\s*"[^"]*"\s*,\s*"k"/, contract).replace(/"s"\s*:\s*"[^"]*"\s*,\s*/, "");
  return event.tail === undefined
    ? { ...event, stream: name, head: rename(head) }
    : { ...event, stream: name, head, tail: rename(event.tail) };
}
