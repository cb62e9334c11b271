/** What the coverage of a stage says while it runs. */
import { sleep } from "../../shared/wait.ts";
import { until } from "../until.ts";
import type { TestWorker } from "../worker.ts";
import { LIMIT_MS, produceTasksOf, type Running, type Stage } from "./stage.ts";

const LOOK_MS = 100;

/** Starts a producer of each stream. `preload`: a module that runs in each first. */
export function startProducers(
  { workers, streams }: Stage,
  settings: Record<string, string> = {},
  preload?: string,
): TestWorker[] {
  return produceTasksOf({ streams }).map((task) => workers.start(task, settings, preload));
}

/** Kills producers, and waits until the exchange has no clients but those of so many others. */
export async function killProducers(
  { workers, exchange, streams }: Stage,
  killed: readonly TestWorker[],
  others: number,
): Promise<void> {
  await Promise.all(killed.map((worker) => workers.end(worker, "SIGKILL")));
  await until("the exchange to lose its clients", () => {
    return exchange.status().connections.length <= others * produceTasksOf({ streams }).length;
  }, LIMIT_MS);
}

/**
 * Waits until so many producers cover each feed of the symbols, by default of all, beyond the present moment, and some moment all at
 * once: a new producer may tell of itself before it covers what the others have told, and if these are killed then there is a gap.
 */
export async function untilCovered(
  { sql, config, streams }: Running,
  producers: number,
  symbols: readonly string[] = config.symbols,
): Promise<void> {
  const now = new Date();
  await until(`${producers} producers to cover each feed`, async () => {
    const covered = await sql`
      select stream, feed
      from websocket.coverage as coverage join websocket.coverage_sessions as session using (session, producer, stream)
      where is_live and session.covered_to > ${now} and symbol = any(${[...symbols]})
      group by stream, feed
      having count(distinct producer) >= ${producers}
        and (${producers} = 1 or max(covered_from) < min(coverage.covered_to))`;
    return covered.length === produceTasksOf({ streams }).length * symbols.length;
  }, LIMIT_MS);
}

/** Waits until gaps may be called open: the topic of the coverage has been read to its end for 20 s. */
export async function untilRead({ sql }: Pick<Running, "sql">): Promise<void> {
  await until("the coverage to be read", async () => {
    return (await sql`select websocket.coverage_read_at() as at`)[0].at !== null;
  }, LIMIT_MS);
}

/**
 * The same without the 20 s, which are for producers that have yet to speak again once Kafka is back: for stages of which that is
 * known, as Kafka was never away, or nobody will speak any more.
 */
export async function untilReadOnce({ sql }: Pick<Running, "sql">): Promise<void> {
  await until("the coverage to be read once", async () => {
    const [{ isRead }] = await sql`
      select count(*) = max(partitions) as "isRead" from websocket.coverage_reads`;
    return isRead;
  }, LIMIT_MS);
  await sql`update websocket.coverage_reads set since = since - interval '20 s'`;
  await untilRead({ sql });
}

/** Waits until it is known of each session that has ended, and so many go on; returns the feeds that have a gap. */
export async function gapsOnceSettled({ sql }: Pick<Running, "sql">, sessions: number): Promise<string[]> {
  await until("the gap ledger to be current", async () => {
    const [{ live, stale }] = await sql`
      select (select count(*)::int from websocket.coverage_sessions where status in ('live', 'stuck')) as live,
        (select count(*)::int from websocket.stale_feeds where due_at <= now()) as stale`;
    return live === sessions && stale === 0;
  }, LIMIT_MS);
  return (await sql`select distinct feed from websocket.gap_data order by feed`).map(({ feed }) => feed);
}

/** Watches until it is disposed of: each feed that is said to have an open gap meanwhile is a problem, as all are covered. */
export function watchOpenGaps({ sql, problems }: Stage): AsyncDisposable {
  const done = new AbortController();
  const seen = new Set<string>();
  const watch = async () => {
    while (!done.signal.aborted) {
      const open = await sql`select feed, reason from websocket.gap_data where state = 'open'`.catch(
        () => [],
      );
      for (const { feed, reason } of open) seen.add(`${feed} (${reason})`);
      await sleep(LOOK_MS, done.signal);
    }
  };
  const watching = watch();
  return {
    async [Symbol.asyncDispose]() {
      done.abort();
      await watching;
      if (seen.size > 0) problems.push(`gaps were open of feeds that were covered: ${[...seen].join(", ")}`);
    },
  };
}
