import { envelopeText, type MarketEvent, payloadText } from "../local/exchange/event.ts";
import { textFrame } from "../local/exchange/clients/websocket.ts";
import { usualSymbols } from "../local/exchange/market/instrument.ts";
import { market } from "../local/exchange/market/market.ts";
import type { StreamMessage } from "../shared/stream.ts";
import type { Book } from "../shared/streams/book.ts";
import { type Kind, ticks } from "./kinds.ts";

/** An hour's outage at the rate of ten symbols leaves millions; a part of it is enough to measure the speed. In messages/s. */
const MESSAGE_RATE = 1_000;

/** The messages of a benchmark: `count` messages of a kind, of ten symbols, at real values, the same ones for the same start. */
export function* eventsOf(
  { suffix, marketRate }: Kind,
  count: number,
  startTime: number,
): Generator<MarketEvent> {
  let left = count;
  const events = market({ symbols: usualSymbols, intervals: [], rate: marketRate, seed: 1, startTime });
  for (const event of events) {
    if (!event.stream.endsWith(suffix)) continue;
    if (left-- <= 0) return;
    yield event;
  }
}

/** The messages of the book. */
export const bookEvents = (count: number, startTime: number): Generator<MarketEvent> =>
  eventsOf(ticks, count, startTime);

/** When so many messages begin for the last of them to be a minute old, ms since the epoch. */
export function startTimeOf(count: number): number {
  return Date.now() - 60_000 - count / MESSAGE_RATE * 1_000;
}

/** The message that a producer makes of the event. `receivedAt` in ms since the epoch. */
export function messageOf(event: MarketEvent, kind: Kind, receivedAt = event.time + 30): StreamMessage {
  return kind.toMessage(JSON.parse(payloadText(event, 0)), receivedAt);
}

/** The message of an event of the book. */
export const bookOf = (event: MarketEvent): Book => messageOf(event, ticks) as Book;

/** The event as the exchange sends it: a WebSocket frame with the stream's name. */
export function frameOf(event: MarketEvent): Uint8Array {
  return textFrame(envelopeText(event.stream, payloadText(event, 0)));
}
