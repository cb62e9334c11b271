/** How many feeds share a connection. It is the least that a document of the exchange allows for any market. */
export const MOST_FEEDS = 200;

/** A connection's URL and the feeds that it carries. */
export interface Connection {
  readonly url: string;
  readonly feeds: readonly string[];
}

/**
 * The connections that carry the feeds.
 *
 * @param base the market's URL, without a slash at the end
 * @param route the path of the route: `/market`, or "" if the market has no routes
 * @param feeds names as the exchange has them; they may be Unicode: 币安人生usdt@kline_1m
 */
export function connectionsOf(base: string, route: string, feeds: readonly string[]): Connection[] {
  const connections: Connection[] = [];
  for (let i = 0; i < feeds.length; i += MOST_FEEDS) {
    const some = feeds.slice(i, i + MOST_FEEDS);
    const names = some.map((name) => encodeURIComponent(name).replaceAll("%40", "@"));
    connections.push({ url: `${base}${route}/stream?streams=${names.join("/")}`, feeds: some });
  }
  return connections;
}
