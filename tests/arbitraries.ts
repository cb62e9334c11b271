import fc from "fast-check";
import type { Book } from "../shared/streams/book.ts";
import type { Kline } from "../shared/streams/kline.ts";
import type { Trade } from "../shared/streams/trade.ts";

/** Prices and quantities of every shape that is accepted: zeros in front and behind, up to 32 digits on each side. */
export const anyDecimal: fc.Arbitrary<string> = fc.tuple(
  fc.constantFrom("", "", "", "-"),
  fc.oneof(fc.nat().map(String), fc.stringMatching(/^[0-9]{1,32}$/)),
  fc.option(fc.oneof(fc.stringMatching(/^0{0,8}[0-9]{1,8}0{0,8}$/), fc.stringMatching(/^[0-9]{1,32}$/))),
).map(([sign, whole, fraction]) => sign + whole + (fraction === null ? "" : `.${fraction}`));

/** Times in ms since the epoch, before the year 2200, as messages have it. */
export const anyTime: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: Date.UTC(2019, 0), max: Date.UTC(2030, 0) }),
  fc.integer({ min: 0, max: 7_258_118_399_999 }),
);

const anyId = fc.oneof(fc.integer({ min: -1, max: 1_000 }), fc.maxSafeInteger());
const anySymbol = fc.constantFrom("BTCUSDT", "1INCHUSDT", "BTCUSDT_250926", "币安人生USDT");

/** Candles; few keys, so that several share one. */
export const anyKline: fc.Arbitrary<Kline> = fc.record({
  symbol: anySymbol,
  interval: fc.constantFrom("1m", "1h", "1M"),
  openTime: fc.integer({ min: 0, max: 3 }).map((minute) => 1_790_000_000_000 + minute * 60_000),
  closeTime: anyTime,
  open: anyDecimal,
  high: anyDecimal,
  low: anyDecimal,
  close: anyDecimal,
  volume: anyDecimal,
  quoteVolume: anyDecimal,
  takerBuyBaseVolume: anyDecimal,
  takerBuyQuoteVolume: anyDecimal,
  numTrades: anyId,
  firstTradeId: fc.option(anyId),
  lastTradeId: fc.option(anyId),
  isClosed: fc.boolean(),
  eventTime: fc.integer({ min: 1_790_000_000_000, max: 1_790_000_000_009 }),
  receivedAt: anyTime,
  revision: fc.integer({ min: 0, max: 2 }),
}, { noNullPrototype: true });

/** Best bids and asks, of all kinds of keys. */
export const anyBook: fc.Arbitrary<Book> = fc.record({
  symbol: anySymbol,
  updateId: anyId,
  bidPrice: anyDecimal,
  bidQty: anyDecimal,
  askPrice: anyDecimal,
  askQty: anyDecimal,
  eventTime: anyTime,
  transactionTime: anyTime,
  receivedAt: anyTime,
}, { noNullPrototype: true });

/** Aggregated trades, of all kinds of keys, some without a normal quantity. */
export const anyTrade: fc.Arbitrary<Trade> = fc.record({
  symbol: anySymbol,
  aggTradeId: anyId,
  price: anyDecimal,
  qty: anyDecimal,
  normalQty: fc.option(anyDecimal),
  firstTradeId: anyId,
  lastTradeId: anyId,
  tradeTime: anyTime,
  isBuyerMaker: fc.boolean(),
  eventTime: anyTime,
  receivedAt: anyTime,
}, { noNullPrototype: true });
