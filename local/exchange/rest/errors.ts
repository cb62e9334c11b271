import type { Market } from "../../../shared/exchange/markets/mod.ts";
import type { Reply } from "../http.ts";

/** An error as Binance words it. Binance: "Error Codes". */
export const fault = (status: number, code: number, msg: string): Reply => ({ status, body: { code, msg } });

export const invalidSymbol = fault(400, -1121, "Invalid symbol.");

export const missing = (name: string) =>
  fault(400, -1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);

/** The bodies of refusals that concern all requests of a client, by status. Binance: "HTTP Return Codes". */
const refusals = ({ limits }: Market): Record<number, [code: number, msg: string]> => ({
  418: [-1003, "Way too many requests; IP banned. Please use the websocket for live updates to avoid bans."],
  429: [-1003, `Too many requests; current limit is ${limits.weightPerMinute} requests per minute.`],
  451: [0, "Service unavailable from a restricted location according to 'b. Eligibility'."],
  503: [-1001, "Internal error; unable to process your request. Please try again."],
});

/** Refuses any request. `retryAfter` in seconds. */
export function refusalReply(
  { status, retryAfter }: { status: number; retryAfter?: number },
  market: Market,
): Reply {
  const headers = retryAfter === undefined ? undefined : { "Retry-After": String(retryAfter) };
  return { ...fault(status, ...refusals(market)[status]), headers };
}
