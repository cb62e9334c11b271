import { z } from "zod";
import { decimal, integer, jsonCodec, symbol, time } from "../message.ts";
import type { Feed, MessageType, Storage, Stream } from "../stream.ts";

const schema = z.object({
  symbol,
  updateId: integer,
  bidPrice: decimal,
  bidQty: decimal,
  askPrice: decimal,
  askQty: decimal,
  eventTime: time,
  transactionTime: time,
  receivedAt: time,
});

/** One best bid and ask. Prices and quantities are decimal strings, times are ms since the epoch. */
export type Book = z.infer<typeof schema>;

// Binance: "Individual Symbol Book Ticker Streams". `ps` and `st` are sent since 2026 and may be absent.
const wire = z.object({
  e: z.literal("bookTicker"),
  u: integer,
  s: symbol,
  b: decimal,
  B: decimal,
  a: decimal,
  A: decimal,
  T: time,
  E: time,
});

const nameOf = (symbol: string) => `${symbol.toLowerCase()}@bookTicker`;

// Binance: "Symbol Order Book Ticker". `time` is the transaction time.
const ticker = z.object({
  bidPrice: decimal,
  bidQty: decimal,
  askPrice: decimal,
  askQty: decimal,
  time,
});

const feed: Feed<Book, typeof wire> = {
  route: "public",
  options: {},
  subscriptions: (symbol) => [nameOf(symbol)],
  feedOf: ({ symbol }) => nameOf(symbol),
  wire,
  toMessages: (payload, receivedAt) => [{
    symbol: payload.s,
    updateId: payload.u,
    bidPrice: payload.b,
    bidQty: payload.B,
    askPrice: payload.a,
    askQty: payload.A,
    eventTime: payload.E,
    transactionTime: payload.T,
    receivedAt,
  }],
  identity: ({ symbol, updateId }) => `${symbol} ${updateId}`,
  silence: "trades",
  confirmation: {
    path: "bookTicker",
    isQuiet(answer, last, since) {
      const { data } = ticker.safeParse(answer);
      if (!data || !last) return data !== undefined && data.time < since;
      return data.time === last.transactionTime && data.bidPrice === last.bidPrice &&
        data.bidQty === last.bidQty && data.askPrice === last.askPrice && data.askQty === last.askQty;
    },
  },
  sample:
    '{"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":11200345678901,"s":"ETHUSDT","ps":"ETHUSDT",' +
    '"b":"2510.50","B":"12.345","a":"2510.51","A":"7.001","T":1790000040118,"E":1790000040119,"st":1}}',
};

const message: MessageType<Book> = {
  name: "book",
  topic: "order_book_data",
  schema,
  codec: jsonCodec(schema),
  key: ["symbol", "updateId", "transactionTime"],
  version: [],
  overflow: "drop",
  lastPrice: ({ bidPrice }) => bidPrice,
};

const storage: Storage<Book> = {
  columns: {
    symbol: "text",
    updateId: "bigint",
    bidPrice: "numeric",
    bidQty: "numeric",
    askPrice: "numeric",
    askQty: "numeric",
    eventTime: "timestamptz",
    transactionTime: "timestamptz",
    receivedAt: "timestamptz",
  },
  migration: 26,
  partitionedBy: "transactionTime",
  rollup: { by: "transactionTime", stale: "stale_seconds" },
};

/** Best bids and asks: one row an update. `updateId` rises strictly within a symbol; no timestamp is unique. */
export const book: Stream<Book> = { message, feed, storage };
