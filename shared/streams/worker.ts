import { z } from "zod";
import { integer, jsonCodec, time } from "../message.ts";
import type { MessageType, Storage, Stream } from "../stream.ts";
import { states } from "../telemetry/telemetry.ts";

const name = z.string().regex(/^[\w.:-]{1,100}$/);

const schema = z.object({
  worker: name,
  host: z.string().min(1).max(255),
  name,
  stream: name,
  at: time,
  state: z.enum(states),
  reason: z.string().min(1).max(2_000).nullable(),
  lag: integer.nullable(),
  deadLetters: integer,
  build: z.string().min(1).max(100),
});

/**
 * What a worker says of itself: `at`, in ms since the epoch by its own clock, it was in this state, for this reason. `lag` is how many
 * messages it has still to store or to send, `deadLetters` how many dead letters it has made since it started.
 */
export type WorkerData = z.infer<typeof schema>;

const message: MessageType<WorkerData> = {
  name: "worker",
  topic: "worker_data",
  schema,
  codec: jsonCodec(schema),
  key: ["worker", "host", "name"],
  version: ["at"],
  overflow: "merge",
};

const storage: Storage<WorkerData> = {
  columns: {
    worker: "text",
    host: "text",
    name: "text",
    stream: "text",
    at: "timestamptz",
    state: "text",
    reason: "text?",
    lag: "bigint?",
    deadLetters: "bigint",
    build: "text",
  },
  migration: 15,
};

/** What the workers say of themselves: one row a worker, with the newest of its words. Made by all workers that use Kafka. */
export const worker: Stream<WorkerData> = { message, storage };
