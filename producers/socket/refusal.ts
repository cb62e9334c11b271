import { certificateFault } from "../../shared/certificate_fault.ts";
import type { RequestPause } from "../../shared/exchange/request_pause.ts";

/** Binance: "General Info", "HTTP Return Codes" and "LIMITS". */
const meanings: Record<number, string> = {
  403: "it blocks this address (its firewall's limit was broken)",
  418: "it has banned this address for not backing off",
  429: "too many requests: it asks to back off",
  451:
    "it does not serve this region: run Bookline where it may be used, or try `deno task up --feed simulated`",
  503: "it is out of service, for maintenance or by overload",
};

/** Statuses of refusals that end by themselves. Other 4xx statuses mean that the URL or the region is wrong. */
const passing = [403, 408, 418, 429];

const statusIn = (errorText: string) => Number(/status code: (\d{3})/.exec(errorText)?.[1] ?? NaN);

/** Whether a person must act before the exchange can be reached: the region is not served, or the URL or a certificate is wrong. */
export function refusalLasts(errorText: string): boolean {
  const status = statusIn(errorText);
  return (status >= 400 && status < 500 && !passing.includes(status)) ||
    certificateFault(errorText) !== undefined;
}

/** The request under way that asks how long to wait. */
let asking: Promise<void> | undefined;

/**
 * Finds out why a WebSocket handshake was refused, and returns it in words. Deno gives only the status, in the error's text ("Invalid
 * status code: 429"). The same request as plain HTTP gives `Retry-After`, too. It is sent once, however many connections are refused,
 * and not before the end of a known pause.
 */
export async function explainRefusal(
  url: string,
  errorText: string,
  requestPause: RequestPause,
): Promise<string> {
  const status = statusIn(errorText);
  if (Number.isNaN(status)) return errorText;
  const words = `status ${status}: ${meanings[status] ?? "it refuses the connection"}`;
  if (requestPause.left === 0) {
    asking ??= ask(url, status, requestPause).finally(() => asking = undefined);
    await asking;
  }
  return requestPause.left > 0
    ? `${words}; it is asked again in ${Math.ceil(requestPause.left / 1_000)} s`
    : words;
}

async function ask(url: string, status: number, requestPause: RequestPause): Promise<void> {
  const response = await fetch(url.replace(/^ws/, "http"), {
    headers: { connection: "Upgrade", upgrade: "websocket" },
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
  await response?.body?.cancel();
  requestPause.note(status, response?.headers);
}
