import { z } from "zod";
import { integer, jsonCodec, time } from "../message.ts";
import type { MessageType, Storage, Stream } from "../stream.ts";

const schema = z.object({
  session: z.string().min(1).max(200),
  producer: z.string().min(1).max(100),
  feed: z.string().max(100),
  symbol: z.string().max(40),
  stream: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/),
  coveredFrom: time,
  coveredTo: time,
  reason: z.string().min(1).max(100),
  dropped: integer.nullable(),
  version: integer,
});

/**
 * An interval of a feed, from `coveredFrom` on and before `coveredTo`, in ms of the exchange's time. `reason` says why it ended; `open`
 * or `silent` where it goes on. A message whose `feed` and `symbol` are empty is of the session itself: `coveredFrom` is when its
 * producer started, `coveredTo` how far all of its open intervals are covered, `reason` is `starting`, `open` or `stopped`.
 */
export type Coverage = z.infer<typeof schema>;

const message: MessageType<Coverage> = {
  name: "coverage",
  topic: "coverage_data",
  schema,
  codec: jsonCodec(schema),
  key: ["session", "feed", "coveredFrom"],
  version: ["version"],
  overflow: "merge",
};

const storage: Storage<Coverage> = {
  columns: {
    session: "text",
    producer: "text",
    feed: "text",
    symbol: "text",
    stream: "text",
    coveredFrom: "timestamptz",
    coveredTo: "timestamptz",
    reason: "text",
    dropped: "bigint?",
    version: "bigint",
  },
  migration: 21,
  jobs: [{ name: "gaps", everyMs: 1_000, run: "keep_gaps" }],
  noteRead: "note_coverage_read",
};

/** What the producers covered. All messages of a producer have its name as their key, so that they stay in order. */
export const coverage: Stream<Coverage> = { message, storage };
