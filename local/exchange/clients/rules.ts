import type { Limits, Market } from "../../../shared/exchange/markets/mod.ts";

/** What the exchange allows a connection. */
export type Rules = Limits["connection"] & {
  /** What a slow client may leave unread before it is cut off. Not documented. */
  readonly backlogBytes: number;
};

/** The rules of a market's connections. */
export function rulesOf({ limits }: Market): Rules {
  return { ...limits.connection, backlogBytes: 16 * 2 ** 20 };
}

/** Why a connection ended. */
export type Ending =
  | "client"
  | "slow client"
  | "silent client"
  | "too many requests"
  | "age"
  | "fault"
  | "shutdown";
