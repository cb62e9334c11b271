/** What a client's frame asks for, and what it is told. */
export interface Answer {
  readonly reply: string;
  readonly subscribed: readonly string[];
  readonly unsubscribed: readonly string[];
}

const methods = ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"];

/**
 * Answers a request of a connection that has the streams `current` and may have `most`. A stream that does not exist, or
 * is not of the connection's route, is acknowledged as any other. Binance: "Live Subscribing/Unsubscribing to streams";
 * the wording is that of recorded replies.
 */
export function answer(text: string, current: ReadonlySet<string>, most: number): Answer {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return refused(3, "Invalid JSON: expected value at line 1 column 1");
  }
  const { method, params, id } = Object(request) as { method?: unknown; params?: unknown; id?: unknown };
  if (method === undefined) return refused(2, "Invalid request: missing field `method`", id);
  if (typeof method !== "string" || !methods.includes(method)) {
    const known = methods.map((name) => `\`${name}\``).join(", ");
    return refused(2, `Invalid request: unknown variant \`${method}\`, expected one of ${known}`, id);
  }
  if (!Number.isSafeInteger(id) || (id as number) < 0) {
    return refused(2, "Invalid request: request ID must be an unsigned integer");
  }
  if (method === "LIST_SUBSCRIPTIONS") return granted([...current], id);
  // The only property, `combined`, is not simulated.
  if (method.endsWith("_PROPERTY")) return refused(0, "Unknown property", id);
  if (!Array.isArray(params) || !params.every((name) => typeof name === "string")) {
    return refused(2, "Invalid request: invalid type, expected a sequence of strings", id);
  }
  if (method === "UNSUBSCRIBE") return granted(null, id, [], params);
  if (new Set([...current, ...params]).size > most) return refused(4, "Too many subscriptions", id);
  return granted(null, id, params);
}

function granted(
  result: string[] | null,
  id: unknown,
  subscribed: string[] = [],
  unsubscribed: string[] = [],
): Answer {
  return { reply: JSON.stringify({ result, id }), subscribed, unsubscribed };
}

function refused(code: number, msg: string, id?: unknown): Answer {
  return { reply: JSON.stringify({ error: { code, msg }, id }), subscribed: [], unsubscribed: [] };
}
