/** One message of the exchange, before it goes out on a connection. */
export interface MarketEvent {
  /** The stream as clients name it: `btcusdt@bookTicker`. */
  readonly stream: string;
  /** When it is due: `E`, ms since the epoch. */
  readonly time: number;
  /** The payload's JSON text. With a `tail` it breaks off where `E`'s value belongs, since that differs by connection. */
  readonly head: string;
  readonly tail?: string;
}

/** Events in the order in which they are sent; a market has no end, a recording has one. */
export type Events = Iterable<MarketEvent> | AsyncIterable<MarketEvent>;

/** The payload as one connection sees it. `offset` is what that connection's `E` is ahead, in ms. */
export function payloadText(event: MarketEvent, offset: number): string {
  return event.tail === undefined ? event.head : event.head + (event.time + offset) + event.tail;
}

/** A combined stream's frame. Binance: "Combined stream events are wrapped". */
export function envelopeText(stream: string, payload: string): string {
  return `{"stream":"${stream}","data":${payload}}`;
}

/** `btcusdt@kline_1m` → `kline`; `btcusdt@depth@100ms` → `depth`. */
export function kindOf(stream: string): string {
  return stream.slice(stream.indexOf("@") + 1).split(/[_@]/)[0].replace(/^!/, "").replace(/\d+$/, "");
}

/** `btcusdt@kline_1m` → `BTCUSDT`. */
export function symbolOf(stream: string): string {
  return stream.split("@")[0].toUpperCase();
}

/** `btcusdt@kline_1m` → `1m`; undefined for streams other than candles. */
export function intervalOf(stream: string): string | undefined {
  return stream.split("@kline_").at(1);
}

/** The first part of a client's path. An unrouted URL is one that Binance retired on 2026-04-23. */
export type Route = "market" | "public" | "private" | "unrouted";

/**
 * Whether a stream is sent to clients of that route. Unrouted URLs are served as public ones are, private ones get no market data.
 *
 * @param publicKinds the kinds of streams that the market's public route carries
 */
export function isServed(stream: string, route: Route, publicKinds: ReadonlySet<string>): boolean {
  if (route === "private") return false;
  return publicKinds.has(kindOf(stream)) === (route !== "market");
}
