/** Streams that share a connection. One copy of Binance's documents allows 1,024, another 200. */
export const MOST_STREAMS = 200;

/** A connection's URL and the streams that it carries. */
export interface Line {
  readonly url: string;
  readonly streams: readonly string[];
}

/** The connections that carry the streams, on their route. Names may be Unicode: 币安人生usdt. */
export function linesOf(base: string, route: string, streams: readonly string[]): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < streams.length; i += MOST_STREAMS) {
    const some = streams.slice(i, i + MOST_STREAMS);
    const names = some.map((name) => encodeURIComponent(name).replaceAll("%40", "@"));
    lines.push({ url: `${base}/${route}/stream?streams=${names.join("/")}`, streams: some });
  }
  return lines;
}
