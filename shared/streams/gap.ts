import { z } from "zod";
import { integer, jsonCodec, symbol, time } from "../message.ts";
import type { MessageType, Storage, Stream } from "../stream.ts";

const schema = z.object({
  stream: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/),
  symbol,
  startedAt: time,
  endedAt: time,
  reason: z.string().min(1).max(100),
  dropped: integer.nullable(),
});

/** A hole in a stream. Times are ms since the epoch by the exchange's clock; both ends belong to what was received. */
export type Gap = z.infer<typeof schema>;

const message: MessageType<Gap> = {
  name: "gap",
  topic: "gap_data",
  schema,
  codec: jsonCodec(schema),
  key: ["stream", "symbol", "startedAt", "reason"],
  version: ["endedAt", "dropped"],
  overflow: "drop",
};

const storage: Storage<Gap> = {
  columns: {
    stream: "text",
    symbol: "text",
    startedAt: "timestamptz",
    endedAt: "timestamptz",
    reason: "text",
    dropped: "bigint?",
  },
  migration: 3,
};

/** The gap ledger: what is missing, of which symbol, from when to when, and why. Made by the producers. */
export const gap: Stream<Gap> = { message, storage };
