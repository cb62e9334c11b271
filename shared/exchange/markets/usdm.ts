import type { Market } from "./market.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/**
 * USDⓈ-M futures. Binance: "USDⓈ-M Futures", pages "General Info", "Websocket Market Streams", "Important WebSocket Change
 * Notice" and those of the endpoints.
 */
export const usdm: Market = {
  name: "usdm",
  wsUrl: "wss://fstream.binance.com",
  restUrl: "https://fapi.binance.com",
  // Binance: github.com/binance/binance-public-data.
  archiveUrl: "https://data.binance.vision",
  archivePath: "/data/futures/um",
  // A URL without a route accepts a subscription to candles, acknowledges it and sends nothing: measured in September 2026.
  routes: { market: "/market", public: "/public" },
  // `trade` is not documented. It was measured on the public route in September 2026.
  publicKinds: new Set(["bookTicker", "depth", "rpiDepth", "trade"]),
  paths: {
    ping: "/fapi/v1/ping",
    time: "/fapi/v1/time",
    exchangeInfo: "/fapi/v1/exchangeInfo",
    klines: "/fapi/v1/klines",
    continuousKlines: "/fapi/v1/continuousKlines",
    aggTrades: "/fapi/v1/aggTrades",
    depth: "/fapi/v1/depth",
    ticker24h: "/fapi/v1/ticker/24hr",
    price: "/fapi/v1/ticker/price",
    priceV2: "/fapi/v2/ticker/price",
    bookTicker: "/fapi/v1/ticker/bookTicker",
  },
  limits: {
    // USDⓈ-M and COIN-M share it since 2026-06-30.
    weightPerMinute: 2_400,
    klines: { usual: 500, most: 1_500, pages: [{ limit: 99, weight: 1 }, { limit: 499, weight: 2 }] },
    aggTrades: { usual: 500, most: 1_000, pages: [{ limit: 1_000, weight: 20 }] },
    depths: [5, 10, 20, 50, 100, 500, 1_000],
    connection: {
      // 200 before 2025-07-02, as one copy of the documents still says.
      streams: 1_024,
      requestsPerSecond: 10,
      pingEvery: 3 * MINUTE,
      pongWithin: 10 * MINUTE,
      age: 24 * 60 * MINUTE,
    },
  },
  symbols: ["BTC", "ETH", "BNB", "XRP", "SOL", "ADA", "DOGE", "POL", "DOT", "AVAX"].map((coin) =>
    coin + "USDT"
  ),
};
