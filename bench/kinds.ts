import type { ColumnTypes } from "../shared/columns.ts";
import type { ExchangeMessage, Stream, StreamMessage } from "../shared/stream.ts";
import { book } from "../shared/streams/book.ts";
import { trade } from "../shared/streams/trade.ts";

/** A stream whose speed is measured. */
export interface Kind {
  /** The stream's name: `book:produce` is the task of its producer. */
  readonly name: string;
  /** The topic's name and the table's. */
  readonly topic: string;
  /** The type of each field's column, in the message's order. */
  readonly columns: Readonly<Record<string, keyof ColumnTypes | `${keyof ColumnTypes}?`>>;
  /** How the names of its feeds end. */
  readonly suffix: string;
  /** Updates a second of the simulated market of which about 1,000 are messages of this stream. */
  readonly marketRate: number;
  /** The message of a text on Kafka. */
  decode(text: string): StreamMessage;
  /** The message that a producer makes of a payload, received at that time, ms since the epoch. */
  toMessage(payload: unknown, receivedAt: number): StreamMessage;
}

function kind<M extends ExchangeMessage>(stream: Stream<M>, suffix: string, marketRate: number): Kind {
  const { message, feed, storage } = stream;
  return {
    name: message.name,
    topic: message.topic,
    columns: storage.columns as Kind["columns"],
    suffix,
    marketRate,
    decode: (text) => message.codec.decode(text),
    toMessage: (payload, receivedAt) => feed!.toMessages(feed!.wire.parse(payload), receivedAt)[0],
  };
}

/** Best bids and asks. */
export const ticks = kind(book, "@bookTicker", 1_000);

/** Aggregated trades: of 17 updates of the simulated market one is the last of them. */
export const trades = kind(trade, "@aggTrade", 17_000);
