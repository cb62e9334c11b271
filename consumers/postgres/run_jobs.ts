import type { Config } from "../../shared/config/config.ts";
import type { Log } from "../../shared/log.ts";
import { connectLasting, type Sql } from "../../shared/postgres/mod.ts";
import { transact } from "../../shared/postgres/transaction.ts";
import { retryForever, type RetryOptions } from "../../shared/retry.ts";
import type { Stream, StreamMessage } from "../../shared/stream.ts";
import type { CountName } from "../../shared/telemetry/metrics.ts";
import { sleep } from "../../shared/wait.ts";
import type { SinkLosses } from "../sink.ts";
import type { Job, Round } from "./jobs.ts";
import { createSinkLosses } from "./losses.ts";
import { createRounds } from "./rounds.ts";

/** The jobs of a table while they run. */
export interface Jobs<M> extends AsyncDisposable {
  /** Returns a function that says whether a message is older than its table keeps rows, by the retention of now. */
  expiry(): (message: M) => boolean;
  /** Why the worker is not ready, in words: as a job says, or since a job has not succeeded for five minutes. */
  stuck(): string | undefined;
  /** What the jobs have counted until now, by the name of the count. */
  counts(): Partial<Record<CountName, number>>;
  /** Notes that a partition is stored up to where it ended so many ms ago; see `Storage.noteRead`. */
  noteRead(partition: number, partitions: number, agoMs: number): Promise<void>;
  /** Keeps what Kafka lost of the stream. */
  readonly losses: SinkLosses;
}

/** How often the retention is read, in ms. */
const RETENTION_MS = 60_000;

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
  const { partitionedBy, noteRead } = stream.storage;
  const done = new AbortController();
  const sql = connectLasting(database, log, jobs.length + 1);
  let since = -Infinity;

  const rounds = createRounds(log);
  const troubles = new Map<string, string>();
  const counted: Partial<Record<CountName, number>> = {};
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
      const [round] = await transact(sql, statement) as unknown as [Round];
      const { done, warning, failure, trouble, difference } = round;
      if (typeof done === "string") log.info(done);
      if (warning) log.sparsely("warning", warning);
      if (difference) log.sparsely("difference", difference);
      for (const [count, more] of Object.entries(round.counts ?? {}) as [CountName, number][]) {
        counted[count] = (counted[count] ?? 0) + more;
      }
      if (trouble) troubles.set(name, trouble);
      else troubles.delete(name);
      if (failure) throw new Error(failure);
      return done !== null;
    })
  );
  if (partitionedBy) running.push(repeat("retention", RETENTION_MS, ask));
  return {
    expiry() {
      const oldest = since;
      return (message) => partitionedBy !== undefined && Number(message[partitionedBy]) < oldest;
    },
    counts: () => counted,
    async noteRead(partition, partitions, agoMs) {
      await transact(sql, `select ${database.schema}.${noteRead}(${partition}, ${partitions}, ${agoMs})`);
    },
    losses: createSinkLosses(sql, database.schema, stream.message.name),
    stuck: () => troubles.values().next().value ?? rounds.stuck(),
    async [Symbol.asyncDispose]() {
      done.abort();
      await sql.end({ timeout: 2 });
      await Promise.all(running);
    },
  };
}
