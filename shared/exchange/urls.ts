/** How many streams share a connection. It is the least that a document of the exchange allows for any market. */
export const MOST_STREAMS = 200;

/** A connection's URL and the streams that it carries. */
export interface Line {
  readonly url: string;
  readonly streams: readonly string[];
}

/**
 * The connections that carry the streams.
 *
 * @param base the market's URL, without a slash at the end
 * @param route the path of the route: `/market`, or "" if the market has no routes
 * @param streams names as the exchange has them; they may be Unicode: 币安人生usdt@kline_1m
 */
export function linesOf(base: string, route: string, streams: readonly string[]): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < streams.length; i += MOST_STREAMS) {
    const some = streams.slice(i, i + MOST_STREAMS);
    const names = some.map((name) => encodeURIComponent(name).replaceAll("%40", "@"));
    lines.push({ url: `${base}${route}/stream?streams=${names.join("/")}`, streams: some });
  }
  return lines;
}
