import { isAbsolute, join } from "node:path";
import type { Config } from "../../shared/config/config.ts";
import { describe } from "../../shared/log.ts";

/** Where the data comes from. */
export type Feed =
  | { readonly kind: "live" }
  /** Another host that the environment names: a test network, a proxy, a simulation. */
  | { readonly kind: "host"; readonly host: string }
  /** `because` says why it is not the live feed, where nobody asked for this one. */
  | { readonly kind: "simulated"; readonly because?: string }
  /** A recording, by its path as it was given. */
  | { readonly kind: "file"; readonly file: string };

/** How long the exchange may take to answer, in ms. */
const ANSWER_MS = 3_000;

/** What the environment says of the feed. */
export interface Surroundings {
  /** The host that is named in the place of the exchange. */
  readonly host?: string;
  /** Whether Kafka or Postgres is the user's own. */
  readonly ownServers: boolean;
}

/**
 * Chooses the feed: the one that the user asked for, otherwise the live one if the exchange can be used, otherwise the simulated one.
 * If the user named a host or servers, the simulated feed is used only on request.
 *
 * @param obstacle returns why the exchange, or the host that replaces it, can't be used; undefined if it can
 * @throws {Error} if the live feed is asked for and can't be used
 */
export async function chooseFeed(
  asked: Feed | undefined,
  { host, ownServers }: Surroundings,
  obstacle: () => Promise<string | undefined>,
): Promise<Feed> {
  if (asked && asked.kind !== "live") return asked;
  const because = await obstacle();
  if (because === undefined) return host === undefined ? { kind: "live" } : { kind: "host", host };
  if (asked) throw new Error(`Cannot use the live feed: ${because}. For simulated data: --feed simulated`);
  if (ownServers || host !== undefined) {
    throw new Error(
      `Cannot use the live feed: ${because}. With ${
        host ? "BINANCE_…_URL" : "BOOTSTRAP_SERVER or DB_URL"
      } set ` +
        "no simulation replaces it. For simulated data, in its own database and topics: --feed simulated",
    );
  }
  return { kind: "simulated", because };
}

/**
 * Sends the exchange a ping; returns why it can't be used, undefined if it can.
 *
 * @param restUrl the base of its REST API
 * @param path the path that answers pings
 */
export async function obstacleTo(
  restUrl: string,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const limit = AbortSignal.timeout(ANSWER_MS);
  try {
    const response = await fetch(restUrl + path, { signal: AbortSignal.any([signal, limit]) });
    await response.body?.cancel();
    if (response.ok) return undefined;
    const { status } = response;
    return `${restUrl} answers with HTTP ${status}${status === 451 ? ", as it does in blocked regions" : ""}`;
  } catch (error) {
    signal.throwIfAborted();
    return limit.aborted
      ? `${restUrl} does not answer within ${ANSWER_MS / 1_000} s`
      : `${restUrl} can't be reached (${rootOf(error)})`;
  }
}

/** The end of an error's text, which says what happened; all before it says how one came there. */
function rootOf(error: unknown): string {
  const parts = describe(error).split(": ");
  const last = parts.at(-1)!;
  return last.includes(" ") ? last : parts.slice(-2).join(": ");
}

/** Where the exchange is, of the configuration. */
type Place = Pick<Config, "binanceWsUrl">;

/** The feed in the first and the last line, so that nobody mistakes other data for the exchange's. */
export function headline(feed: Feed, { binanceWsUrl }: Place): string {
  switch (feed.kind) {
    case "live":
      return `LIVE data from the exchange, ${new URL(binanceWsUrl).host}`;
    case "host":
      return `Data from ${feed.host}, which is not the exchange`;
    case "simulated":
      return `SIMULATED data, not the market${feed.because ? `: ${feed.because}` : ""}`;
    case "file":
      return `REPLAYED data from ${feed.file}, not the market of now`;
  }
}

/** The feed in a few letters, for the smallest screen. */
export function tagOf(feed: Feed, { binanceWsUrl }: Place): string {
  switch (feed.kind) {
    case "live":
      return `LIVE ${new URL(binanceWsUrl).host}`;
    case "host":
      return `NOT THE EXCHANGE ${feed.host}`;
    case "simulated":
      return "SIMULATED";
    case "file":
      return "REPLAYED";
  }
}

/** The file's path from the folder in which the user typed it: `deno task` changes to the project's. */
export function pathOf(file: string): string {
  return isAbsolute(file) ? file : join(Deno.env.get("INIT_CWD") ?? Deno.cwd(), file);
}
