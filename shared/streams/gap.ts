import { z } from "zod";
import { integer, jsonCodec, symbol, time } from "../message.ts";
import type { MessageType, Storage, Stream } from "../stream.ts";

const told = z.object({
  stream: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/),
  symbol,
  startedAt: time,
  endedAt: time,
  reason: z.string().min(1).max(100),
  dropped: integer.nullable(),
});

/** A gap as producers of the first version tell it: of all feeds of a symbol. Times are ms since the epoch by the exchange's clock. */
export type Gap = z.infer<typeof told>;

const schema = told.extend({ feed: symbol, cause: z.literal("coverage"), firstId: z.literal(0) });

/** A gap with the key of its row. The table has a row for each feed, and finds the feeds where `feed` is the symbol. */
export type GapRow = z.infer<typeof schema>;

const message: MessageType<GapRow> = {
  name: "gap",
  topic: "gap_data",
  schema,
  codec: z.codec(jsonCodec(told), schema, {
    decode: (gap): GapRow => ({ ...gap, feed: gap.symbol, cause: "coverage", firstId: 0 }),
    encode: ({ feed: _feed, cause: _cause, firstId: _firstId, ...gap }) => gap,
  }),
  key: ["stream", "feed", "cause", "startedAt", "firstId"],
  version: ["endedAt", "dropped"],
  overflow: "drop",
};

const storage: Storage<GapRow> = {
  columns: {
    stream: "text",
    symbol: "text",
    startedAt: "timestamptz",
    endedAt: "timestamptz",
    reason: "text",
    dropped: "bigint?",
    feed: "text",
    cause: "text",
    firstId: "bigint",
  },
  migration: 20,
};

/** Gaps that producers of the first version told. Today's tell what they covered, and the database computes the gaps. */
export const gap: Stream<GapRow> = { message, storage };
