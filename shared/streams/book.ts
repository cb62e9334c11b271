import { z } from "zod";
import { decimal, integer, jsonCodec, symbol, time } from "../message.ts";
import type { ExchangeSide, Stream, Table } from "../stream.ts";

const message = z.object({
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
export type Book = z.infer<typeof message>;

// Binance: "Individual Symbol Book Ticker Streams". `ps` and `st` came in 2026 and may be absent.
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

const exchange: ExchangeSide<Book, typeof wire> = {
  route: "public",
  subscriptions: (symbol) => [nameOf(symbol)],
  subscriptionOf: ({ symbol }) => nameOf(symbol),
  wire,
  toMessage: (payload, receivedAt) => ({
    symbol: payload.s,
    updateId: payload.u,
    bidPrice: payload.b,
    bidQty: payload.B,
    askPrice: payload.a,
    askQty: payload.A,
    eventTime: payload.E,
    transactionTime: payload.T,
    receivedAt,
  }),
  identity: ({ symbol, updateId }) => `${symbol} ${updateId}`,
  sample:
    '{"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":11200345678901,"s":"ETHUSDT","ps":"ETHUSDT",' +
    '"b":"2510.50","B":"12.345","a":"2510.51","A":"7.001","T":1790000040118,"E":1790000040119,"st":1}}',
};

const table: Table<Book> = {
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
  key: ["symbol", "updateId", "transactionTime"],
  version: [],
  migration: 12,
  expires: {
    field: "transactionTime",
    since: async (sql) => {
      const [{ since }] = await sql`
        select extract(epoch from websocket.kept_since('order_book_data'))::float8 as since`;
      return since * 1_000;
    },
  },
  // The rollup of these seconds is to be computed anew.
  alongside: {
    part: ({ transactionTime }) => Math.floor(transactionTime / 1000),
    statement: (seconds) =>
      `insert into websocket.stale_seconds (second)
        select to_timestamp(second) from unnest('{${[...seconds].join()}}'::bigint[]) as second`,
  },
  upkeep: [
    {
      name: "rollup",
      everyMs: 1_000,
      statement: "select nullif(websocket.refresh_rollup(), 0) as done",
    },
    { name: "partitions", everyMs: 10_000, statement: "select * from websocket.tidy_up()" },
  ],
};

/** Best bids and asks: one row an update. `updateId` rises strictly within a symbol; no timestamp is unique. */
export const book: Stream<Book> = {
  name: "book",
  topic: "order_book_data",
  codec: jsonCodec(message),
  table,
  exchange,
  lastPrice: (message) => message.bidPrice,
  overflow: "drop",
};
