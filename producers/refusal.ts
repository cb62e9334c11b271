/** Why the exchange refused a connection, in words, and how long it wants to be left alone. */
export interface Refusal {
  readonly words: string;
  /** In ms; absent where it does not say. */
  readonly retryAfter?: number;
}

/** Binance: "General Info", "HTTP Return Codes" and "LIMITS". */
const meanings: Record<number, string> = {
  403: "it blocks this address (its firewall's limit was broken)",
  418: "it has banned this address for not backing off",
  429: "too many requests: it asks to back off",
  451:
    "it does not serve this region: run Bookline where it may be used, or try `deno task up --feed simulated`",
  503: "it is out of service, for maintenance or by overload",
};

/** The longest wait that is believed. */
const MOST_MS = 3_600_000;

/**
 * Finds out why a WebSocket handshake was refused. Deno tells the status alone, in the error's text ("Invalid status code:
 * 429"); the same request made as plain HTTP tells `Retry-After`.
 */
export async function explainRefusal(url: string, errorText: string): Promise<Refusal> {
  const status = Number(/status code: (\d{3})/.exec(errorText)?.[1] ?? NaN);
  if (Number.isNaN(status)) return { words: errorText };
  const words = `status ${status}: ${meanings[status] ?? "it refuses the connection"}`;
  const seconds = await retryAfter(url);
  if (!(seconds > 0)) return { words };
  return { words: `${words}; Retry-After ${seconds} s`, retryAfter: Math.min(MOST_MS, seconds * 1_000) };
}

async function retryAfter(url: string): Promise<number> {
  try {
    const response = await fetch(url.replace(/^ws/, "http"), {
      headers: { connection: "Upgrade", upgrade: "websocket" },
      signal: AbortSignal.timeout(5_000),
    });
    await response.body?.cancel();
    return Number(response.headers.get("retry-after") ?? NaN);
  } catch {
    return NaN;
  }
}
