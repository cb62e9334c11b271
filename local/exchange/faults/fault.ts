import { z } from "zod";

const ms = z.int().positive();
/** Which connections are meant; by default all. */
const target = {
  route: z.enum(["market", "public", "private", "unrouted"]).optional(),
  connection: z.int().optional(),
};
/** So many data frames are damaged, each `every`-th one, whichever connection they go to. */
const damage = { frames: z.int().positive(), every: z.int().positive().default(1) };

/** So many aggregated trades, each `every`-th one, of one symbol or of all. REST and the truth have them as they were. */
const trades = {
  trades: z.int().positive(),
  every: z.int().positive().default(1),
  symbol: z.string().optional(),
};

const kinds = [
  /** Connections break off; with a `code` they are closed as RFC 6455 wants it. */
  z.strictObject({ fault: z.literal("drop"), code: z.int().min(1_000).max(4_999).optional(), ...target }),
  /** Connections stay open, and nothing is sent or answered on them any more: no data, no replies, no pings. */
  z.strictObject({ fault: z.literal("silence"), ms: ms.optional(), ...target }),
  /**
   * One stream of many is not sent. A client cures it by subscribing again, or by connecting again, or not at all: then
   * the stream is acknowledged on any connection and sent on none before `ms` are over.
   */
  z.strictObject({
    fault: z.literal("mute"),
    stream: z.string(),
    cure: z.enum(["resubscribe", "reconnect", "none"]).default("resubscribe"),
    ms: ms.optional(),
    ...target,
  }),
  /** Handshakes and REST are refused: rate limit, ban, blocked region, maintenance. `retryAfter` in seconds. */
  z.strictObject({
    fault: z.literal("refuse"),
    status: z.literal([418, 429, 451, 503]),
    ms,
    retryAfter: z.int().positive().optional(),
  }),
  /** All connections break off, and handshakes are refused; REST goes on. */
  z.strictObject({ fault: z.literal("cut"), ms }),
  /** REST breaks off without an answer, answers so much later, or with a row of which a field is nonsense. */
  z.strictObject({ fault: z.literal("rest"), does: z.literal(["down", "lie"]), ms: ms.optional() }),
  z.strictObject({ fault: z.literal("rest"), does: z.literal("slow"), delay: ms, ms: ms.optional() }),
  /** A hole at the source: REST has no candles, or no aggregated trades, from that time on and before the other one. */
  z.strictObject({
    fault: z.literal("lack"),
    kind: z.enum(["klines", "aggTrades"]),
    symbol: z.string().optional(),
    from: z.int(),
    to: z.int(),
  }),
  /** Connections are closed at that age, as the exchange does at 24 hours. */
  z.strictObject({ fault: z.literal("age"), ms }),
  /** A frame that is nonsense comes before a good one. */
  z.strictObject({ fault: z.literal("garbage"), ...damage }),
  /** The beginning of a frame comes before the whole one. */
  z.strictObject({ fault: z.literal("truncated"), ...damage }),
  /** A frame comes twice. */
  z.strictObject({ fault: z.literal("duplicated"), ...damage }),
  /** A frame comes before the one that was sent before it. */
  z.strictObject({ fault: z.literal("reordered"), ...damage }),
  /** A frame of 5 MB, which nothing can be made of, comes before a good one. */
  z.strictObject({ fault: z.literal("huge"), ...damage }),
  /** Aggregated trades are not sent to any client. */
  z.strictObject({ fault: z.literal("omit"), ...trades }),
  /** Aggregated trades are sent to all clients with a price or a quantity that is one unit of its last decimal too high. */
  z.strictObject({
    fault: z.literal("alter"),
    field: z.enum(["price", "quantity"]).default("quantity"),
    ...trades,
  }),
  /** Connections get no more than that, and the rest later, or are cut off as slow ones are. */
  z.strictObject({ fault: z.literal("slow"), bytesPerSecond: z.int().positive(), ms, ...target }),
  /** A text that is no data is sent, such as `{"e":"serverShutdown","E":1770123456789}` or `{"code":-1003,"msg":"…"}`. */
  z.strictObject({ fault: z.literal("notice"), text: z.string(), ...target }),
  /** All faults that go on end. */
  z.strictObject({ fault: z.literal("clear") }),
] as const;

/** What can be made to go wrong. Times in ms. */
export const fault = z.union(kinds, {
  error: () => `must be one of ${[...new Set(kinds.map(({ shape }) => shape.fault.value))].join(", ")}`,
});

export type Fault = z.input<typeof fault>;

/** Faults at set times: `at` and then `every`, in ms after the first start. */
export const schedule = z.array(z.object({ at: z.int().nonnegative(), every: ms.optional(), inject: fault }));

export type Schedule = z.input<typeof schedule>;
