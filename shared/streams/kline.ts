import { z } from "zod";
import { list, variable } from "../config/variables.ts";
import { readDecimal, readInteger, readTime } from "../exchange/archive_fields.ts";
import { decimal, integer, interval, jsonCodec, symbol, time } from "../message.ts";
import type { Archive, Feed, MessageType, Refill, Storage, Stream } from "../stream.ts";

const schema = z.object({
  symbol,
  interval,
  openTime: time,
  closeTime: time,
  open: decimal,
  high: decimal,
  low: decimal,
  close: decimal,
  volume: decimal,
  quoteVolume: decimal,
  takerBuyBaseVolume: decimal,
  takerBuyQuoteVolume: decimal,
  numTrades: integer,
  firstTradeId: integer.nullable(),
  lastTradeId: integer.nullable(),
  isClosed: z.boolean(),
  eventTime: time,
  receivedAt: time,
  revision: integer,
});

/** Where a candle comes from. The table accepts no other revision. */
export const revisions = { socket: 0, archive: 1, rest: 2 };

/**
 * One version of a candle. Prices and quantities are decimal strings, times are ms since the epoch. `eventTime` is the exchange's time of
 * the update; of a candle that was fetched it is when it was fetched. The ids are null where it does not come from the socket.
 */
export type Kline = z.infer<typeof schema>;

// Binance: "Kline/Candlestick Streams". A candle without trades has n = 0 and f = L = -1.
const wire = z.object({
  e: z.literal("kline"),
  E: time,
  k: z.object({
    t: time,
    T: time,
    s: symbol,
    i: interval,
    f: integer,
    L: integer,
    o: decimal,
    c: decimal,
    h: decimal,
    l: decimal,
    v: decimal,
    n: integer,
    x: z.boolean(),
    q: decimal,
    V: decimal,
    Q: decimal,
  }),
});

const nameOf = (symbol: string, interval: string) => `${symbol.toLowerCase()}@kline_${interval}`;

/** What is read of candles. */
const klineOptions = {
  KLINE_INTERVALS: variable(
    list(z.enum(
      ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"],
      { error: ({ input }) => `names ${input}, which is no interval of Binance's` },
    )).transform((all) => [...new Set(all)]),
    "1m,1h",
    "1m",
  ),
};

// Binance: "Kline/Candlestick Data". The last field is not used by the exchange.
const row = z.tuple(
  [time, decimal, decimal, decimal, decimal, decimal, time, decimal, integer, decimal, decimal],
  z.unknown(),
);

const intervalOf = (feed: string) => feed.slice(feed.indexOf("@kline_") + "@kline_".length);

const refill: Refill<Kline, typeof row> = {
  path: "klines",
  query: (symbol, feed) => ({ symbol, interval: intervalOf(feed) }),
  by: "time",
  row,
  toMessage: (
    [openTime, open, high, low, close, volume, closeTime, quoteVolume, numTrades, takerBase, takerQuote],
    symbol,
    feed,
    fetchedAt,
  ) => ({
    symbol,
    interval: intervalOf(feed),
    openTime,
    closeTime,
    open,
    high,
    low,
    close,
    volume,
    quoteVolume,
    takerBuyBaseVolume: takerBase,
    takerBuyQuoteVolume: takerQuote,
    numTrades,
    firstTradeId: null,
    lastTradeId: null,
    // Nobody asks for candles that go on.
    isClosed: true,
    eventTime: fetchedAt,
    receivedAt: fetchedAt,
    revision: revisions.rest,
  }),
  positionOf: ({ openTime }) => openTime,
  nextOf: ({ closeTime }) => closeTime + 1,
};

// Binance: "24hr Ticker Price Change Statistics". `lastId` is that of the last trade.
const ticker = z.object({ lastId: integer });

const feed: Feed<Kline, typeof wire, typeof klineOptions> = {
  route: "market",
  options: klineOptions,
  subscriptions: (symbol, { KLINE_INTERVALS }) => KLINE_INTERVALS.map((interval) => nameOf(symbol, interval)),
  feedOf: ({ symbol, interval }) => nameOf(symbol, interval),
  wire,
  toMessages: ({ E, k }, receivedAt) => [{
    symbol: k.s,
    interval: k.i,
    openTime: k.t,
    closeTime: k.T,
    open: k.o,
    high: k.h,
    low: k.l,
    close: k.c,
    volume: k.v,
    quoteVolume: k.q,
    takerBuyBaseVolume: k.V,
    takerBuyQuoteVolume: k.Q,
    numTrades: k.n,
    firstTradeId: k.f,
    lastTradeId: k.L,
    isClosed: k.x,
    eventTime: E,
    receivedAt,
    revision: revisions.socket,
  }],
  // The event time is left out: it differs between two connections.
  identity: (m) => `${m.symbol} ${m.interval} ${m.openTime} ${m.lastTradeId} ${m.numTrades} ${m.isClosed}`,
  silence: "trades",
  confirmation: {
    path: "ticker24h",
    isQuiet(answer, last, _since, until) {
      const { data } = ticker.safeParse(answer);
      if (!data || !last || data.lastId !== last.lastTradeId) return false;
      // A candle is closed by a message of its own.
      return last.isClosed || until <= last.closeTime;
    },
  },
  refill,
  sample:
    '{"stream":"ethusdt@kline_1m","data":{"e":"kline","E":1790000040512,"s":"ETHUSDT","k":{"t":1789999980000, ' +
    '"T":1790000039999, "s":"ETHUSDT", "i":"1m", "f":6150021377, "L":6150021379, "o":"2510.40", "c":"2510.55", ' +
    '"h":"2510.55", "l":"2510.40", "v":"3.500", "n":3, "x":true, "q":"8786.62500", "V":"1.500", "Q":"3765.82500", ' +
    '"B":"0"}}}',
};

const message: MessageType<Kline> = {
  name: "kline",
  topic: "kline_data",
  schema,
  // The messages of earlier versions, and of other programs, have no revision: they come from the socket.
  codec: jsonCodec(schema.extend({ revision: integer.default(revisions.socket) })),
  key: ["symbol", "interval", "openTime"],
  version: ["isClosed", "revision", "eventTime"],
  kept: ["firstTradeId", "lastTradeId"],
  overflow: "merge",
  lastPrice: ({ close }) => close,
};

const storage: Storage<Kline> = {
  columns: {
    symbol: "text",
    interval: "text",
    openTime: "timestamptz",
    closeTime: "timestamptz",
    open: "numeric",
    high: "numeric",
    low: "numeric",
    close: "numeric",
    volume: "numeric",
    quoteVolume: "numeric",
    takerBuyBaseVolume: "numeric",
    takerBuyQuoteVolume: "numeric",
    numTrades: "bigint",
    firstTradeId: "bigint?",
    lastTradeId: "bigint?",
    isClosed: "boolean",
    eventTime: "timestamptz",
    receivedAt: "timestamptz",
    revision: "bigint",
  },
  migration: 32,
  // The consumer of trades does this, too. Where none runs, what waits to be compared must not grow.
  jobs: [{ name: "audit", everyMs: 5_000, run: "audit_candles" }],
};

const archive: Archive<Kline> = {
  kind: "klines",
  columns: [
    ...["open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count"],
    ...["taker_buy_volume", "taker_buy_quote_volume", "ignore"],
  ],
  intervals: ({ KLINE_INTERVALS }) => KLINE_INTERVALS as string[],
  byMonth: true,
  time: "openTime",
  proven: "compared_candles",
  uncompared: "uncompared_candles",
  toMessage: ([t, o, h, l, c, v, T, q, n, V, Q], { symbol, interval, fetchedAt }) => ({
    symbol,
    interval,
    openTime: readTime(t, "open_time"),
    closeTime: readTime(T, "close_time"),
    open: readDecimal(o, "open"),
    high: readDecimal(h, "high"),
    low: readDecimal(l, "low"),
    close: readDecimal(c, "close"),
    volume: readDecimal(v, "volume"),
    quoteVolume: readDecimal(q, "quote_volume"),
    takerBuyBaseVolume: readDecimal(V, "taker_buy_volume"),
    takerBuyQuoteVolume: readDecimal(Q, "taker_buy_quote_volume"),
    numTrades: readInteger(n, "count"),
    firstTradeId: null,
    lastTradeId: null,
    isClosed: true,
    eventTime: fetchedAt,
    receivedAt: fetchedAt,
    revision: revisions.archive,
  }),
};

/** Candles: one row each, updated in place; a closed one is never reopened. */
export const kline: Stream<Kline> = { message, feed, storage, archive };
