/** What is to be done. */
export type Verdict = "resubscribe" | "reconnect";

/** What a look at a connection found, with the feeds that are dead. */
export interface Finding {
  readonly verdict: Verdict;
  readonly feeds: readonly string[];
}

/** Watches the feeds of one connection. Pings do not count as signs of life: the exchange may send them and no data. */
export interface Watchdog {
  /** Data came on the feed; `now` in ms. */
  heard(feed: string, now: number): void;
  /** The exchange answered a request. */
  answered(now: number): void;
  /** All that the exchange had sent on the connection by then has come, as an answer shows; in ms. */
  caughtUp(sentAt: number): void;
  /** Whether a feed may be dead, which `caughtUp` is to settle. */
  readonly isSuspicious: boolean;
  /** A new connection has taken over: silence counts from here. */
  reset(now: number): void;
  /** Looks for feeds that are dead; undefined where there is nothing to do. */
  check(now: number): Promise<Finding | undefined>;
}
