import { decimalText } from "../market/decimal.ts";
import { contractTypeOf, instrumentOf } from "../market/instrument.ts";
import type { Books } from "./books.ts";

/** When perpetual contracts end, and when all of them began, ms since the epoch. */
const never = 4_133_404_800_000;
const onboarded = 1_569_398_400_000;

/** Binance: "Exchange Information". Clients need most of the fields, though the exchange takes no orders. */
export function exchangeInfo({ market: { limits }, symbols, now }: Books) {
  return {
    timezone: "UTC",
    serverTime: now,
    futuresType: "U_MARGINED",
    rateLimits: [
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: limits.weightPerMinute },
      { rateLimitType: "ORDERS", interval: "MINUTE", intervalNum: 1, limit: 1_200 },
    ],
    exchangeFilters: [],
    assets: [...new Set(symbols.map((symbol) => instrumentOf(symbol).quoteAsset))]
      .map((asset) => ({ asset, marginAvailable: true, autoAssetExchange: "-10000" })),
    symbols: symbols.map(symbolInfo),
  };
}

function symbolInfo(symbol: string) {
  const { pair, baseAsset, quoteAsset, priceScale, quantityScale, tick, price, quantity } = instrumentOf(
    symbol,
  );
  const lot = {
    stepSize: decimalText(1, quantityScale),
    minQty: decimalText(1, quantityScale),
    maxQty: decimalText(10_000 * quantity, quantityScale),
  };
  return {
    symbol,
    pair,
    contractType: contractTypeOf(symbol),
    deliveryDate: deliveryOf(symbol),
    onboardDate: onboarded,
    status: "TRADING",
    maintMarginPercent: "2.5000",
    requiredMarginPercent: "5.0000",
    baseAsset,
    quoteAsset,
    marginAsset: quoteAsset,
    pricePrecision: priceScale,
    quantityPrecision: quantityScale,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: "COIN",
    underlyingSubType: [],
    settlePlan: 0,
    triggerProtect: "0.0500",
    liquidationFee: "0.012500",
    marketTakeBound: "0.05",
    filters: [
      {
        filterType: "PRICE_FILTER",
        minPrice: decimalText(tick, priceScale),
        maxPrice: decimalText(100 * price, priceScale),
        tickSize: decimalText(tick, priceScale),
      },
      { filterType: "LOT_SIZE", ...lot },
      { filterType: "MARKET_LOT_SIZE", ...lot },
      { filterType: "MAX_NUM_ORDERS", limit: 200 },
      { filterType: "MAX_NUM_ALGO_ORDERS", limit: 10 },
      { filterType: "MIN_NOTIONAL", notional: "5" },
      {
        filterType: "PERCENT_PRICE",
        multiplierUp: "1.0500",
        multiplierDown: "0.9500",
        multiplierDecimal: "4",
      },
    ],
    orderTypes: [
      "LIMIT",
      "MARKET",
      "STOP",
      "STOP_MARKET",
      "TAKE_PROFIT",
      "TAKE_PROFIT_MARKET",
      "TRAILING_STOP_MARKET",
    ],
    timeInForce: ["GTC", "IOC", "FOK", "GTX"],
  };
}

/** `BTCUSDT_261225` is delivered on 2026-12-25 at 08:00 UTC. */
function deliveryOf(symbol: string): number {
  const [, year, month, day] = /_(\d\d)(\d\d)(\d\d)$/.exec(symbol) ?? [];
  return year ? Date.UTC(2000 + Number(year), Number(month) - 1, Number(day), 8) : never;
}
