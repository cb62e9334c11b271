import { z } from "zod";
import { integer, jsonCodec, symbol, time } from "../message.ts";
import type { Stream } from "../stream.ts";

const message = z.object({
  stream: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/),
  symbol,
  startedAt: time,
  endedAt: time,
  reason: z.string().min(1).max(100),
  dropped: integer.nullable(),
});

/** A hole in a stream. Times are ms since the epoch by the exchange's clock; both ends belong to what was received. */
export type Gap = z.infer<typeof message>;

/** The gap ledger: what is missing, of which symbol, from when to when, and why. Made by the producers. */
export const gap: Stream<Gap> = {
  name: "gap",
  topic: "gap_data",
  codec: jsonCodec(message),
  table: {
    columns: {
      stream: "text",
      symbol: "text",
      startedAt: "timestamptz",
      endedAt: "timestamptz",
      reason: "text",
      dropped: "bigint",
    },
    key: ["stream", "symbol", "startedAt", "reason"],
    version: ["endedAt", "dropped"],
    migration: 3,
  },
  overflow: "drop",
};
