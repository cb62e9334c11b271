import type { Row } from "../shared/postgres/mod.ts";
import type { Trade } from "../shared/streams/trade.ts";

/** The digits after the point in which bars are compared: prices and quantities have fewer, and their products no more. */
export const PLACES = 12;

/** A decimal as an integer of 10^-12. */
export function units(decimal: string): bigint {
  const [whole, fraction = ""] = decimal.split(".");
  if (/[1-9]/.test(fraction.slice(PLACES))) {
    throw new RangeError(`Cannot compare ${decimal}: it has too many digits`);
  }
  return BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, "0"));
}

/** A bar: its times in ms since the epoch, its prices and volumes in units. */
export interface Bar {
  readonly symbol: string;
  readonly at: number;
  readonly numTrades: number;
  /** Open, high, low, close, volume, quote volume, and the two taker volumes; null where nothing traded. */
  readonly values: readonly (bigint | null)[];
}

/** The bars of such a width, in ms, computed in the plainest way: by symbol, then by time. */
export function barsOf(trades: readonly Trade[], width: number): Bar[] {
  const unique = new Map(
    trades.map((trade) => [`${trade.symbol} ${trade.aggTradeId} ${trade.tradeTime}`, trade]),
  );
  const groups = Map.groupBy(
    unique.values(),
    ({ symbol, tradeTime }) => `${symbol} ${Math.floor(tradeTime / width) * width}`,
  );
  return [...groups].map(([key, group]) => {
    const [symbol, at] = key.split(" ");
    const inOrder = group.toSorted((a, b) => a.aggTradeId - b.aggTradeId);
    const prices = inOrder.map(({ price }) => units(price));
    const bought = inOrder.filter(({ isBuyerMaker }) => !isBuyerMaker);
    const least = (a: bigint, b: bigint) => a < b ? a : b;
    const greatest = (a: bigint, b: bigint) => a > b ? a : b;
    const quantity = (all: Trade[]) => all.reduce((sum, { qty }) => sum + units(qty), 0n);
    const quote = (all: Trade[]) =>
      all.reduce((sum, { price, qty }) => sum + units(price) * units(qty) / 10n ** BigInt(PLACES), 0n);
    return {
      ...{ symbol, at: Number(at) },
      numTrades: inOrder.reduce(
        (sum, { firstTradeId, lastTradeId }) => sum + lastTradeId - firstTradeId + 1,
        0,
      ),
      values: [
        ...[prices[0], prices.reduce(greatest), prices.reduce(least), prices.at(-1)!],
        ...[quantity(inOrder), quote(inOrder), quantity(bought), quote(bought)],
      ],
    };
  }).sort((a, b) => a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : a.at - b.at);
}

/** The bar of a row of `trade_1s`, of `trade_1m` or of `bars`; `at` is its time. */
export function barOf(row: Row, at: "second" | "minute" | "open_time"): Bar {
  const value = (text: string | null) => text === null ? null : units(text);
  return {
    symbol: row.symbol,
    at: row[at].getTime(),
    numTrades: Number(row.num_trades),
    values: [
      row.open,
      row.high,
      row.low,
      row.close,
      row.volume,
      row.quote_volume,
      row.taker_buy_base_volume,
      row.taker_buy_quote_volume,
    ]
      .map(value),
  };
}
