/** A text from the exchange, by its kind. */
export type Frame =
  | { readonly kind: "data"; readonly payload: unknown; readonly stream?: string }
  /** The exchange grants the request of that id. */
  | { readonly kind: "ack"; readonly id: unknown }
  /** The exchange refuses a request; `message` is its text. */
  | { readonly kind: "error"; readonly message: string }
  /** The server will shut down soon and close its connections. */
  | { readonly kind: "shutdown" };

/**
 * Finds out whether a text is data, an acknowledgement, an error or a notice of a shutdown. Any other text is data without a payload,
 * which no stream can decode. Binance: "Live Subscribing/Unsubscribing to Streams", "Error Codes", and for spot "Server Shutdown".
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
  if ("result" in value && "id" in value) return { kind: "ack", id: value.id };
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
