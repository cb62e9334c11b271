/** What a text from the exchange is. */
export type Frame =
  | { readonly kind: "data"; readonly payload: unknown; readonly stream?: string }
  | { readonly kind: "ack" }
  | { readonly kind: "error"; readonly message: string };

/**
 * Tells data, acknowledgements and error replies apart. A text that is none of them counts as data: data that can't be
 * decoded. Binance: "Live Subscribing/Unsubscribing to Streams".
 */
export function readFrame(text: string): Frame {
  const value = parse(text);
  if (typeof value !== "object" || value === null) return { kind: "data", payload: undefined };
  if ("data" in value && "stream" in value) {
    return { kind: "data", payload: value.data, stream: String(value.stream) };
  }
  if ("error" in value) return { kind: "error", message: errorText(value.error) };
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

function errorText(error: unknown): string {
  const { code, msg } = (error ?? {}) as { code?: unknown; msg?: unknown };
  return msg === undefined ? JSON.stringify(error) : `${msg} (code ${code})`;
}
