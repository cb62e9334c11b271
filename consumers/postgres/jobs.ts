import type { Config } from "../../shared/config/config.ts";
import type { Log } from "../../shared/log.ts";
import { connectLasting } from "../../shared/postgres/mod.ts";
import { transact } from "../../shared/postgres/transaction.ts";
import { retryForever, type RetryOptions } from "../../shared/retry.ts";
import type { Round, Stream } from "../../shared/stream.ts";
import { sleep } from "../../shared/wait.ts";
import { createRounds } from "./rounds.ts";

/** What a consumer sees to beside the writing of rows. */
export interface Jobs<M> extends AsyncDisposable {
  /** What tells, by this moment's retention, whether a message is older than its table keeps rows. */
  expiry(): (message: M) => boolean;
  /** Why the worker is not ready, in words: as a job says, or since a job has not succeeded for five minutes. */
  stuck(): string | undefined;
}

const EXPIRY_MS = 60_000;

/** How many connections the jobs take: one each, so that a job that waits for a lock delays no other. */
export function jobConnections<M extends { symbol: string }>({ table }: Stream<M>): number {
  const { upkeep = [], expires } = table;
  return upkeep.length + (expires ? 1 : 0);
}

/**
 * Runs the jobs of the stream's table, each at its own pace, until it is disposed. One that has more to do goes on at once,
 * unless `isBehind` says that rows wait to be written: those go first. A round that fails is repeated by the next one.
 */
export async function startJobs<M extends { symbol: string }>(
  stream: Stream<M>,
  config: Config,
  log: Log,
  database: RetryOptions,
  isBehind: () => boolean,
): Promise<Jobs<M>> {
  const { expires, upkeep = [] } = stream.table;
  const done = new AbortController();
  const sql = connectLasting(config.database, log, Math.max(1, jobConnections(stream)));
  let since = -Infinity;

  const rounds = createRounds(log);
  const troubles = new Map<string, string>();
  const ask = async () => {
    since = await expires!.since(sql);
    return false;
  };
  const repeat = async (name: string, everyMs: number, round: () => Promise<boolean>) => {
    while (!done.signal.aborted) {
      const hasMore = await rounds.run(name, round);
      if (!hasMore || isBehind()) await sleep(everyMs, done.signal);
    }
  };

  if (expires) await retryForever(ask, database);
  const running = upkeep.map(({ name, everyMs, statement }) =>
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
  if (expires) running.push(repeat("retention", EXPIRY_MS, ask));
  return {
    expiry() {
      const oldest = since;
      return (message) => expires !== undefined && Number(message[expires.field]) < oldest;
    },
    stuck: () => troubles.values().next().value ?? rounds.stuck(),
    async [Symbol.asyncDispose]() {
      done.abort();
      await sql.end({ timeout: 2 });
      await Promise.all(running);
    },
  };
}
