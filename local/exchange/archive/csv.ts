import type { Candle } from "../market/candle.ts";
import { decimalText } from "../market/decimal.ts";
import type { PastTrade, Scales } from "./past.ts";

/** The header of a file of candles. Binance: github.com/binance/binance-public-data. */
export const candleHeader =
  "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore";
export const tradeHeader =
  "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker";

/** The fields of a candle as REST and the archive have them. */
export function candleFields(candle: Candle, { priceScale, quantityScale }: Scales): (string | number)[] {
  const price = (units: number) => decimalText(units, priceScale);
  // Of a candle without trades the exchange writes a bare zero.
  const sum = (units: bigint, scale: number) => candle.trades === 0 ? "0" : decimalText(units, scale);
  const base = (units: bigint) => sum(units, quantityScale);
  const quote = (units: bigint) => sum(units, priceScale + quantityScale);
  return [
    ...[candle.openTime, price(candle.open), price(candle.high), price(candle.low), price(candle.close)],
    ...[base(candle.volume), candle.closeTime, quote(candle.quoteVolume), candle.trades],
    ...[base(candle.takerVolume), quote(candle.takerQuoteVolume), 0],
  ];
}

/** The fields of an aggregated trade as the archive has them. */
export function tradeFields(
  trade: PastTrade,
  { priceScale, quantityScale }: Scales,
): (string | number | boolean)[] {
  const { id, price, quantity, firstId, lastId, time, takerBuys } = trade;
  return [
    ...[id, decimalText(price, priceScale), decimalText(quantity, quantityScale)],
    ...[firstId, lastId, time, !takerBuys],
  ];
}
