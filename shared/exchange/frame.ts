/** What a text from the exchange is. */
export type Frame =
  | { readonly kind: "data"; readonly payload: unknown; readonly stream?: string }
  | { readonly kind: "ack" }
  /** The exchange refuses something, in its words. */
  | { readonly kind: "error"; readonly message: string }
  /** The server is about to be shut down, and its connections with it. */
  | { readonly kind: "shutdown" };

/**
 * Tells data, acknowledgements and notices apart. A text that is none of them counts as data: data that can't be decoded.
 * Binance: "Live Subscribing/Unsubscribing to Streams", "Error Codes", and of spot "Server Shutdown".
 */
export function readFrame(text: string): Frame {
  const value = parse(text);
  if (typeof value !== "object" || value === null) return { kind: "data", payload: undefined };
  if ("data" in value && "stream" in value) {
    if (isShutdown(value.data)) return { kind: "shutdown" };
    return { kind: "data", payload: value.data, stream: String(value.stream) };
  }
  if (isShutdown(value)) return { kind: "shutdown" };
  if ("error" in value) return { kind: "error", message: errorText(value.error) };
  if ("code" in value && "msg" in value) return { kind: "error", message: errorText(value) };
  if ("result" in value && "id" in value) return { kind: "ack" };
  return { kind: "data", payload: value };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isShutdown(payload: unknown): boolean {
  return (payload as { e?: unknown } | null)?.e === "serverShutdown";
}

function errorText(error: unknown): string {
  const { code, msg } = (error ?? {}) as { code?: unknown; msg?: unknown };
  return msg === undefined ? JSON.stringify(error) : `${msg} (code ${code})`;
}
