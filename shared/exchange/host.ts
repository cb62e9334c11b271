import { createHash } from "node:crypto";

/** Where the exchange's USD-M market is. (Binance: "Websocket Market Streams" and "General Info" of USD-M futures.) */
export const exchangeUrls = { ws: "wss://fstream.binance.com", rest: "https://fapi.binance.com" };

/**
 * The host, with its port, that data comes from if it is not the exchange's: a test network, another market, a proxy or a
 * simulation. Undefined if both URLs are the exchange's own, over TLS.
 */
export function foreignHost(
  { binanceWsUrl, binanceRestUrl }: { binanceWsUrl: string; binanceRestUrl: string },
): string | undefined {
  const [ws, rest] = [new URL(binanceWsUrl), new URL(binanceRestUrl)];
  if (ws.origin !== exchangeUrls.ws) return ws.host;
  return rest.origin === exchangeUrls.rest ? undefined : rest.host;
}

/** The most characters of a text in a name: Postgres cuts names off at 63 bytes. */
const MOST = 24;

/** A text as a part of a topic's or a database's name: `127.0.0.1:9001` → `127_0_0_1_9001`. */
export function asName(text: string): string {
  const name = text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");
  if (name.length > 0 && name.length <= MOST) return name;
  return `${name.slice(0, MOST - 7)}_${createHash("sha256").update(text).digest("hex").slice(0, 6)}`;
}
