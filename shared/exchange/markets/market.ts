/** What a market of the exchange has of its own: where it is, what it allows, what it calls things. Data only. */
export interface Market {
  /** As `MARKET` names it; lower-case letters. */
  readonly name: string;
  /** Base URLs without a path and without a slash at the end. */
  readonly wsUrl: string;
  readonly restUrl: string;
  /** Of the public archive of files. */
  readonly archiveUrl: string;
  /** The archive's folder of this market, in which are `monthly` and `daily`. */
  readonly archivePath: string;
  /** The path before `/stream` of each kind of connection; "" if the market has one kind only. */
  readonly routes: Readonly<Record<"market" | "public", string>>;
  /** The kinds of streams that the public route carries: `bookTicker` of `btcusdt@bookTicker`. The market route carries the others. */
  readonly publicKinds: ReadonlySet<string>;
  readonly paths: RestPaths;
  readonly limits: Limits;
  /** The symbols that are read by default, upper case. */
  readonly symbols: readonly string[];
}

/** The REST paths, each for GET. */
export interface RestPaths {
  readonly ping: string;
  readonly time: string;
  readonly exchangeInfo: string;
  readonly klines: string;
  readonly continuousKlines: string;
  readonly aggTrades: string;
  readonly depth: string;
  readonly ticker24h: string;
  readonly price: string;
  readonly priceV2: string;
  readonly bookTicker: string;
}

/** How many rows an answer may have. */
export interface Rows {
  readonly usual: number;
  readonly most: number;
  /** What to ask for: the greatest `limit` of each weight, in rising order, up to the one that gives most rows for its weight. */
  readonly pages: readonly { readonly limit: number; readonly weight: number }[];
}

/** What the market allows. */
export interface Limits {
  /** Request weight a minute and address. */
  readonly weightPerMinute: number;
  /** Rows of one answer with candles: without a `limit`, and with the greatest one. */
  readonly klines: Rows;
  /** The same of aggregated trades. */
  readonly aggTrades: Rows;
  /** The values of `limit` that an answer with the order book accepts. */
  readonly depths: readonly number[];
  /** Of a WebSocket connection. Times in ms. */
  readonly connection: {
    readonly streams: number;
    /** Incoming messages: requests, pings and pongs. */
    readonly requestsPerSecond: number;
    readonly pingEvery: number;
    readonly pongWithin: number;
    readonly age: number;
  };
}
