import { createHash } from "node:crypto";
import type { Market } from "./markets/mod.ts";

/** The market, and the URLs that are read in its name. */
interface Source {
  readonly market: Pick<Market, "wsUrl" | "restUrl">;
  readonly binanceWsUrl: string;
  readonly binanceRestUrl: string;
}

/**
 * The host, with its port, of data that does not come from the market's own hosts but from a test network, another market, a
 * proxy or a simulation. Undefined if both URLs are the market's own, over TLS.
 */
export function foreignHost({ market, binanceWsUrl, binanceRestUrl }: Source): string | undefined {
  const [ws, rest] = [new URL(binanceWsUrl), new URL(binanceRestUrl)];
  if (ws.origin !== market.wsUrl) return ws.host;
  return rest.origin === market.restUrl ? undefined : rest.host;
}

/** The greatest length of a name, in characters. Postgres cuts names off at 63 bytes. */
const MOST = 24;

/** Makes a text a part of a topic's or a database's name: `127.0.0.1:9001` → `127_0_0_1_9001`. A long text gets a hash at its end. */
export function asName(text: string): string {
  const name = text.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");
  if (name.length > 0 && name.length <= MOST) return name;
  return `${name.slice(0, MOST - 7)}_${createHash("sha256").update(text).digest("hex").slice(0, 6)}`;
}
