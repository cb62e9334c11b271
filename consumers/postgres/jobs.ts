import type { Stream, StreamMessage } from "../../shared/stream.ts";
import type { CountName } from "../../shared/telemetry/metrics.ts";

/** Periodic work in the database. Any number of consumers may run it at once. */
export interface Job {
  readonly name: string;
  /** The pause between the end of one round and the start of the next, in ms; the first starts at once. */
  readonly everyMs: number;
  /** Returns one row, a `Round`, within seconds. */
  readonly statement: string;
}

/** What a round of a job returns. */
export interface Round {
  /** What it did, in words for the log or as a count; null if nothing is left to do at once. */
  readonly done: unknown;
  /** What waits for something, in words. */
  readonly warning?: string | null;
  /** What can't be done, in words. */
  readonly failure?: string | null;
  /** Why the worker is not ready, in words. */
  readonly trouble?: string | null;
  /** Which rows are not what they should be, in words. */
  readonly difference?: string | null;
  /** What the worker's counts grow by. */
  readonly counts?: Partial<Record<CountName, number>> | null;
}

/** The jobs of a stream's table in a schema. */
export function jobsOf<M extends StreamMessage>({ message, storage }: Stream<M>, schema: string): Job[] {
  const { rollup, partitionedBy, jobs = [] } = storage;
  const refresh = rollup && {
    name: "rollup",
    everyMs: 1_000,
    statement: `select nullif(${schema}.refresh_rollup('${message.topic}'), 0) as done`,
  };
  const partitions = partitionedBy && {
    name: "partitions",
    everyMs: 10_000,
    statement: `select * from ${schema}.tidy_up()`,
  };
  const own = jobs.map(({ name, everyMs, run }) => ({
    name,
    everyMs,
    statement: `select * from ${schema}.${run}()`,
  }));
  return [refresh, partitions, ...own].filter((job) => job !== undefined);
}

/** How many connections the jobs take: one each, so that a job that waits for a lock delays no other; and one for short questions. */
export function jobConnections<M extends StreamMessage>(stream: Stream<M>, schema: string): number {
  const { partitionedBy, noteRead } = stream.storage;
  return jobsOf(stream, schema).length + (partitionedBy || noteRead || stream.feed ? 1 : 0);
}
