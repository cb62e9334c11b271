/** What the exchange allows a connection. Binance: "WebSocket Market Streams, Connect". Times in ms. */
export interface Rules {
  readonly pingEvery: number;
  readonly pongWithin: number;
  readonly age: number;
  readonly requestsPerSecond: number;
  /** 200 before 2025-07-02, as one copy of the docs still says. */
  readonly streams: number;
  /** What a slow client may leave unread before it is cut off. Not documented. */
  readonly backlogBytes: number;
}

export const binanceRules: Rules = {
  pingEvery: 3 * 60_000,
  pongWithin: 10 * 60_000,
  age: 24 * 60 * 60_000,
  requestsPerSecond: 10,
  streams: 1_024,
  backlogBytes: 16 * 2 ** 20,
};

/** Why a connection ended. */
export type Ending =
  | "client"
  | "slow client"
  | "silent client"
  | "too many requests"
  | "age"
  | "fault"
  | "shutdown";
