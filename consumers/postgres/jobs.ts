import type { Config } from "../../shared/config/config.ts";
import type { Log } from "../../shared/log.ts";
import { connectLasting, type Sql } from "../../shared/postgres/mod.ts";
import { transact } from "../../shared/postgres/transaction.ts";
import { retryForever, type RetryOptions } from "../../shared/retry.ts";
import type { Stream, StreamMessage } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import { createRounds } from "./rounds.ts";

/** Periodic work in the database. Any number of consumers may run it at once. */
export interface Job {
  readonly name: string;
  /** The pause between the end of one round and the start of the next, in ms; the first starts at once. */
  readonly everyMs: number;
  /** Returns one row, a `Round`, within seconds. */
  readonly statement: string;
}

/** What a round of a job returns. */
interface Round {
  /** What it did, in words for the log or as a count; null if nothing is left to do at once. */
  readonly done: unknown;
  /** What waits for something, in words. */
  readonly warning?: string | null;
  /** What can't be done, in words. */
  readonly failure?: string | null;
  /** Why the worker is not ready, in words. */
  readonly trouble?: string | null;
}

/** The jobs of a stream's table in a schema. */
export function jobsOf<M extends StreamMessage>({ storage }: Stream<M>, schema: string): Job[] {
  const { rollup, partitionedBy } = storage;
  const refresh = rollup && {
    name: "rollup",
    everyMs: 1_000,
    statement: `select nullif(${schema}.${rollup.refresh}(), 0) as done`,
  };
  const partitions = partitionedBy && {
    name: "partitions",
    everyMs: 10_000,
    statement: `select * from ${schema}.tidy_up()`,
  };
  return [refresh, partitions].filter((job) => job !== undefined);
}

/** The jobs of a table while they run. */
export interface Jobs<M> extends AsyncDisposable {
  /** Returns a function that says whether a message is older than its table keeps rows, by the retention of now. */
  expiry(): (message: M) => boolean;
  /** Why the worker is not ready, in words: as a job says, or since a job has not succeeded for five minutes. */
  stuck(): string | undefined;
}

const EXPIRY_MS = 60_000;

/** How many connections the jobs take: one each, so that a job that waits for a lock delays no other. */
export function jobConnections<M extends StreamMessage>(stream: Stream<M>, schema: string): number {
  return jobsOf(stream, schema).length + (stream.storage.partitionedBy ? 1 : 0);
}

/** From when on a table's rows are kept, in ms since the epoch; -Infinity if all are. */
export async function keptSince(sql: Sql, schema: string, table: string): Promise<number> {
  const [{ since }] = await transact(
    sql,
    `select extract(epoch from ${schema}.kept_since('${table}'))::float8 as since`,
  );
  return since * 1_000;
}

/**
 * Runs jobs of the stream's table, each at its own pace, until it is disposed. A job that has more to do goes on at once, unless
 * `isBehind` says that rows wait to be written: those go first. The next round repeats one that failed.
 */
export async function startJobs<M extends StreamMessage>(
  stream: Stream<M>,
  jobs: readonly Job[],
  database: Config["database"],
  log: Log,
  retry: RetryOptions,
  isBehind: () => boolean,
): Promise<Jobs<M>> {
  const { partitionedBy } = stream.storage;
  const done = new AbortController();
  const sql = connectLasting(database, log, jobs.length + 1);
  let since = -Infinity;

  const rounds = createRounds(log);
  const troubles = new Map<string, string>();
  const ask = async () => {
    since = await keptSince(sql, database.schema, stream.message.topic);
    return false;
  };
  const repeat = async (name: string, everyMs: number, round: () => Promise<boolean>) => {
    while (!done.signal.aborted) {
      const hasMore = await rounds.run(name, round);
      if (!hasMore || isBehind()) await sleep(everyMs, done.signal);
    }
  };

  if (partitionedBy) await retryForever(ask, retry);
  const running = jobs.map(({ name, everyMs, statement }) =>
    repeat(name, everyMs, async () => {
      const [{ done, warning, failure, trouble }] = await transact(sql, statement) as unknown as [Round];
      if (typeof done === "string") log.info(done);
      if (warning) log.sparsely("partitions", warning);
      if (trouble) troubles.set(name, trouble);
      else troubles.delete(name);
      if (failure) throw new Error(failure);
      return done !== null;
    })
  );
  if (partitionedBy) running.push(repeat("retention", EXPIRY_MS, ask));
  return {
    expiry() {
      const oldest = since;
      return (message) => partitionedBy !== undefined && Number(message[partitionedBy]) < oldest;
    },
    stuck: () => troubles.values().next().value ?? rounds.stuck(),
    async [Symbol.asyncDispose]() {
      done.abort();
      await sql.end({ timeout: 2 });
      await Promise.all(running);
    },
  };
}
