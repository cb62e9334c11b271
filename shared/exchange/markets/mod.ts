/** The markets, and the names that follow from them. */
import type { Market, Rows } from "./market.ts";
import { usdm } from "./usdm.ts";

export type { Limits, Market, RestPaths, Rows } from "./market.ts";

/** The markets that Bookline can read. */
export const markets: readonly Market[] = [usdm];

/** The market that is read by default. Its schema and topics have no market in their names, as in all earlier versions. */
export const usualMarket = usdm;

/** The market's Postgres schema: `websocket`, or `websocket_coinm` for a market that is not the usual one. */
export function schemaOf({ name }: Pick<Market, "name">): string {
  return name === usualMarket.name ? "websocket" : `websocket_${name}`;
}

/** What comes before the names of the market's topics and consumer groups: nothing, or `coinm.`. */
export function prefixOf({ name }: Pick<Market, "name">): string {
  return name === usualMarket.name ? "" : `${name}.`;
}

/** The cheapest page that has so many rows; of more than any has, the one that gives most rows for its weight. */
export function pageFor({ pages }: Rows, count: number): Rows["pages"][number] {
  return pages.find(({ limit }) => limit >= count) ?? pages.at(-1)!;
}
