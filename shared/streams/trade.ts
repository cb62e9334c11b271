import { z } from "zod";
import { readBoolean, readDecimal, readInteger, readTime } from "../exchange/archive_fields.ts";
import { decimal, integer, jsonCodec, symbol, time } from "../message.ts";
import type { Archive, Feed, MessageType, Refill, Storage, Stream } from "../stream.ts";

const schema = z.object({
  symbol,
  aggTradeId: integer,
  price: decimal,
  qty: decimal,
  normalQty: decimal.nullable(),
  firstTradeId: integer,
  lastTradeId: integer,
  tradeTime: time,
  isBuyerMaker: z.boolean(),
  eventTime: time,
  receivedAt: time,
});

/**
 * One aggregated trade: the trades from `firstTradeId` to `lastTradeId`, of one price and one taker side within 100 ms. Price and quantities
 * are decimal strings, times are ms since the epoch. `normalQty` leaves out what was filled by RPI orders; it is null where the exchange
 * did not send it.
 */
export type Trade = z.infer<typeof schema>;

// Binance: "Compressed/Aggregate Trades List". `nq` is sent since 2026-06-05.
const row = z.object({
  a: integer,
  p: decimal,
  q: decimal,
  nq: decimal.optional(),
  f: integer,
  l: integer,
  T: time,
  m: z.boolean(),
});

// Binance: "Aggregate Trade Streams". It has REST's fields; `nq` is sent since 2025-12-31 and `st` since 2026.
const wire = row.extend({ e: z.literal("aggTrade"), E: time, s: symbol, st: integer.optional() });

const refill: Refill<Trade, typeof row> = {
  path: "aggTrades",
  query: (symbol) => ({ symbol }),
  by: "id",
  row,
  toMessage: ({ a, p, q, nq, f, l, T, m }, symbol, _feed, fetchedAt) => ({
    symbol,
    aggTradeId: a,
    price: p,
    qty: q,
    normalQty: nq ?? null,
    firstTradeId: f,
    lastTradeId: l,
    tradeTime: T,
    isBuyerMaker: m,
    // REST does not tell when the socket sent it.
    eventTime: T,
    receivedAt: fetchedAt,
  }),
  positionOf: ({ aggTradeId }) => aggTradeId,
  nextOf: ({ aggTradeId }) => aggTradeId + 1,
};

/** Binance: "24hr Ticker Price Change Statistics". `lastId` is the id of the symbol's last trade, which nothing but a trade changes. */
const ticker = z.object({ lastId: integer });

/** The `st` of the coin-margined market, whose messages may come on our connections. Binance: "UM and CM WebSocket Stream Integration". */
const COIN_M = 2;

const nameOf = (symbol: string) => `${symbol.toLowerCase()}@aggTrade`;

const feed: Feed<Trade, typeof wire> = {
  route: "market",
  options: {},
  subscriptions: (symbol) => [nameOf(symbol)],
  feedOf: ({ symbol }) => nameOf(symbol),
  wire,
  toMessages: (payload, receivedAt) =>
    payload.st === COIN_M ? [] : [{
      symbol: payload.s,
      aggTradeId: payload.a,
      price: payload.p,
      qty: payload.q,
      normalQty: payload.nq ?? null,
      firstTradeId: payload.f,
      lastTradeId: payload.l,
      tradeTime: payload.T,
      isBuyerMaker: payload.m,
      eventTime: payload.E,
      receivedAt,
    }],
  identity: ({ symbol, aggTradeId }) => `${symbol} ${aggTradeId}`,
  silence: "trades",
  confirmation: {
    path: "ticker24h",
    isQuiet: (answer, last) =>
      last !== undefined && ticker.safeParse(answer).data?.lastId === last.lastTradeId,
  },
  refill,
  sample:
    '{"stream":"ethusdt@aggTrade","data":{"e":"aggTrade","E":1790000040270,"a":2210345678,"s":"ETHUSDT",' +
    '"p":"2510.51","q":"3.500","nq":"3.250","f":6150021377,"l":6150021379,"T":1790000040118,"m":false,"st":1}}',
};

const message: MessageType<Trade> = {
  name: "trade",
  topic: "trade_data",
  schema,
  codec: jsonCodec(schema),
  key: ["symbol", "aggTradeId", "tradeTime"],
  version: [],
  overflow: "drop",
  lastPrice: ({ price }) => price,
};

const storage: Storage<Trade> = {
  columns: {
    symbol: "text",
    aggTradeId: "bigint",
    price: "numeric",
    qty: "numeric",
    normalQty: "numeric?",
    firstTradeId: "bigint",
    lastTradeId: "bigint",
    tradeTime: "timestamptz",
    isBuyerMaker: "boolean",
    eventTime: "timestamptz",
    receivedAt: "timestamptz",
  },
  migration: 32,
  partitionedBy: "tradeTime",
  rollup: { by: "tradeTime", stale: "stale_trade_seconds" },
  jobs: [
    { name: "trade ids", everyMs: 1_000, run: "check_trade_ids" },
    { name: "audit", everyMs: 1_000, run: "audit_candles" },
  ],
};

const archive: Archive<Trade> = {
  kind: "aggTrades",
  columns: [
    ...[
      "agg_trade_id",
      "price",
      "quantity",
      "first_trade_id",
      "last_trade_id",
      "transact_time",
      "is_buyer_maker",
    ],
  ],
  byMonth: false,
  time: "tradeTime",
  id: "aggTradeId",
  toMessage([a, p, q, f, l, T, m], { symbol, fetchedAt }) {
    const tradeTime = readTime(T, "transact_time");
    return {
      symbol,
      aggTradeId: readInteger(a, "agg_trade_id"),
      price: readDecimal(p, "price"),
      qty: readDecimal(q, "quantity"),
      normalQty: null,
      firstTradeId: readInteger(f, "first_trade_id"),
      lastTradeId: readInteger(l, "last_trade_id"),
      tradeTime,
      isBuyerMaker: readBoolean(m, "is_buyer_maker"),
      // When the exchange would have sent it is not known; it is not before the trade.
      eventTime: tradeTime,
      receivedAt: fetchedAt,
    };
  },
};

/** Aggregated trades: one row each. `aggTradeId` is contiguous within a symbol, so a jump is a known number of missing trades. */
export const trade: Stream<Trade> = { message, feed, storage, archive };
