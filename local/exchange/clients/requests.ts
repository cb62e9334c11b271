/** What a client's frame asks for, and how it is answered. */
export interface Answer {
  readonly reply: string;
  readonly subscribed: readonly string[];
  readonly unsubscribed: readonly string[];
  /** Whether the connection's frames name their stream from now on. */
  readonly isCombined: boolean;
}

/** What a connection has when it asks. */
export interface Subscriptions {
  readonly streams: ReadonlySet<string>;
  readonly isCombined: boolean;
}

const methods = ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"];

/**
 * Answers a request of a connection that may have `most` streams. A stream that does not exist, or is not of the connection's
 * route, is acknowledged as any other. Binance: "Live Subscribing/Unsubscribing to streams"; the wording is that of recorded
 * replies.
 */
export function answer(text: string, current: Subscriptions, most: number): Answer {
  const { isCombined } = current;
  const reply = (
    name: "result" | "error",
    content: unknown,
    id: unknown,
    change?: Partial<Answer>,
  ): Answer => ({
    reply: `{"${name}":${JSON.stringify(content)}${id === undefined ? "" : `,"id":${idText(id)}`}}`,
    subscribed: [],
    unsubscribed: [],
    isCombined,
    ...change,
  });
  const refused = (code: number, msg: string, id?: unknown) => reply("error", { code, msg }, id);
  const granted = (id: unknown, change: Partial<Answer>) => reply("result", null, id, change);

  let request: unknown;
  try {
    request = JSON.parse(text, exactId);
  } catch {
    return refused(3, "Invalid JSON: expected value at line 1 column 1");
  }
  const { method, params, id } = Object(request) as { method?: unknown; params?: unknown; id?: unknown };
  if (method === undefined) return refused(2, "Invalid request: missing field `method`", id);
  if (typeof method !== "string" || !methods.includes(method)) {
    const known = methods.map((name) => `\`${name}\``).join(", ");
    return refused(2, `Invalid request: unknown variant \`${method}\`, expected one of ${known}`, id);
  }
  if (!isId(id)) return refused(2, "Invalid request: request ID must be an unsigned integer");
  if (method === "LIST_SUBSCRIPTIONS") return reply("result", [...current.streams], id);

  if (method.endsWith("_PROPERTY")) {
    const [name, value] = Array.isArray(params) ? params : [];
    if (typeof name !== "string") return refused(2, "Invalid request: property name must be a string", id);
    if (name !== "combined") return refused(0, "Unknown property", id);
    if (method === "GET_PROPERTY") return reply("result", isCombined, id);
    if (typeof value !== "boolean") return refused(1, "Invalid value type: expected Boolean", id);
    return granted(id, { isCombined: value });
  }

  if (!Array.isArray(params) || !params.every((name) => typeof name === "string")) {
    return refused(2, "Invalid request: invalid type, expected a sequence of strings", id);
  }
  if (method === "UNSUBSCRIBE") return granted(id, { unsubscribed: params });
  if (new Set([...current.streams, ...params]).size > most) return refused(4, "Too many subscriptions", id);
  return granted(id, { subscribed: params });
}

/** Keeps all digits of an `id`: one of 64 bits has more than a number of JavaScript. */
function exactId(key: string, value: unknown, { source = "" }: { source?: string } = {}): unknown {
  return key === "id" && typeof value === "number" && /^\d+$/.test(source) ? BigInt(source) : value;
}

/** An id as it came. */
function idText(id: unknown): string {
  return typeof id === "bigint" ? String(id) : JSON.stringify(id);
}

/**
 * Whether a request may be named so. The futures' documents allow unsigned integers only; Binance's own clients send text and are
 * answered. The bounds of text are spot's.
 */
function isId(id: unknown): boolean {
  return typeof id === "bigint" || (typeof id === "string" && /^[\w-]{1,36}$/.test(id));
}
