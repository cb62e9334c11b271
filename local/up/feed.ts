import { isAbsolute, join } from "node:path";
import { describe } from "../../shared/log.ts";

/** Where the data comes from. */
export type Feed =
  | { readonly kind: "live" }
  /** `because` says why it is not the live feed, where nobody asked for this one. */
  | { readonly kind: "simulated"; readonly because?: string }
  /** A recording, by its path as it was given. */
  | { readonly kind: "file"; readonly file: string };

/** How long the exchange may take to answer, in ms. */
const ANSWER_MS = 3_000;

/**
 * Settles the feed: the one that was asked for, else the live one where the exchange can be used, else the simulated one;
 * never that in place of the live one on servers of the user's own.
 *
 * @param obstacle tells why the exchange can't be used; undefined where it can
 * @throws {Error} if the live feed is wanted and can't be had
 */
export async function chooseFeed(
  asked: Feed | undefined,
  ownServers: boolean,
  obstacle: () => Promise<string | undefined>,
): Promise<Feed> {
  if (asked && asked.kind !== "live") return asked;
  const because = await obstacle();
  if (because === undefined) return { kind: "live" };
  if (asked) throw new Error(`Cannot use the live feed: ${because}. Made-up data: --feed simulated`);
  if (ownServers) {
    throw new Error(
      `Cannot use the live feed: ${because}. With BOOTSTRAP_SERVER or DB_URL set it is not replaced unasked; ` +
        "made-up data, in a database and topics of its own: --feed simulated",
    );
  }
  return { kind: "simulated", because };
}

/** Asks the exchange for a sign of life; returns why it can't be used, undefined where it can. */
export async function obstacleTo(restUrl: string, signal: AbortSignal): Promise<string | undefined> {
  const limit = AbortSignal.timeout(ANSWER_MS);
  try {
    const response = await fetch(`${restUrl}/fapi/v1/ping`, { signal: AbortSignal.any([signal, limit]) });
    await response.body?.cancel();
    if (response.ok) return undefined;
    const { status } = response;
    return `${restUrl} answers with HTTP ${status}${status === 451 ? ", as it does in blocked regions" : ""}`;
  } catch (error) {
    signal.throwIfAborted();
    return limit.aborted
      ? `${restUrl} does not answer within ${ANSWER_MS / 1_000} s`
      : `${restUrl} can't be reached (${describe(error)})`;
  }
}

/** The feed in the first and the last line, so that nobody takes made-up data for the market. */
export function headline(feed: Feed): string {
  switch (feed.kind) {
    case "live":
      return "LIVE data from the exchange";
    case "simulated":
      return `SIMULATED data, not the market${feed.because ? `: ${feed.because}` : ""}`;
    case "file":
      return `REPLAYED data from ${feed.file}, not the market of now`;
  }
}

/** The file's path from the folder in which the user typed it: `deno task` changes to the project's. */
export function pathOf(file: string): string {
  return isAbsolute(file) ? file : join(Deno.env.get("INIT_CWD") ?? Deno.cwd(), file);
}
