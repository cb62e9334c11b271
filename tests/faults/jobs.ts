import { differences } from "../rollup.ts";
import { until } from "../until.ts";
import { LIMIT_MS, type Running } from "./stage.ts";

/** The job that makes partitions has a round every 10 s. */
const STUCK_MS = 60_000;

/** Waits until a second that began after this call is rolled up, and all before; returns how long that took, in ms. */
export async function untilRolledUp({ sql }: Pick<Running, "sql">): Promise<number> {
  const since = performance.now();
  const now = new Date();
  await until("the rollup to be current", async () => {
    const [{ isCurrent }] = await sql`
      select exists (select from websocket.order_book_1s where second > ${now})
        and not exists (select from websocket.stale_seconds where second <= ${now}) as "isCurrent"`;
    return isCurrent;
  }, LIMIT_MS);
  return performance.now() - since;
}

/**
 * Waits until the jobs of the database have done all that is to be done, once all producers have ended; notes as problems what they
 * leave undone.
 */
export async function untilJobsAreCurrent(stage: Running): Promise<void> {
  const { sql, workers, problems } = stage;
  await until("the rollup to be done", async () => {
    return (await sql`select from websocket.stale_seconds limit 1`).length === 0;
  }, LIMIT_MS).catch((error) => problems.push(error.message));
  await untilLedgerIsCurrent(stage).catch((error) => problems.push(error.message));
  const missing = () =>
    sql`
      select parent, day::date::text as day
      from websocket.daily_tables,
        generate_series(now() at time zone 'UTC', now() at time zone 'UTC' + interval '2 days', '1 day') as day
      where day::date not in (select websocket.partition_days(parent))`;
  // A step that did not get its lock pauses for 10 s, and longer the next time.
  await until("the partitions to be made", async () => (await missing()).length === 0, LIMIT_MS).catch(
    () => {},
  );
  for (const { parent, day } of await missing()) problems.push(`${parent} has no partition for ${day}`);
  for (const worker of workers.allOf(":consume")) {
    // It says so until the job's next round.
    await until("no consumer to be stuck", async () => !(await worker.report())?.stuck, STUCK_MS).catch(
      () => {},
    );
    const report = await worker.report();
    if (report?.stuck) problems.push(`a consumer is stuck: ${report.stuck}`);
  }
}

/**
 * Waits until it is known of each session that it has ended, and of each gap what it is. Each feed that was
 * ever covered then has a gap that goes on, as nobody produces any more.
 */
async function untilLedgerIsCurrent({ sql }: Pick<Running, "sql">): Promise<void> {
  await until("the gap ledger to be current", async () => {
    const [{ isCurrent }] = await sql`
      select not exists (select from websocket.coverage_sessions where status in ('live', 'stuck'))
        and not exists (select from websocket.stale_feeds)
        and not exists (select from websocket.gap_data where state = 'unknown')
        and not exists (
          select from websocket.coverage where covered_from < covered_to and not exists (
            select from websocket.gap_data as gap
            where (gap.stream, gap.feed) = (coverage.stream, coverage.feed) and state = 'open')) as "isCurrent"`;
    return isCurrent;
  }, LIMIT_MS);
}

/** Compares the rollup with the ticks; notes the first difference as a problem. */
export async function judgeRollup({ sql, problems }: Running): Promise<void> {
  const [first, ...others] = await differences(sql);
  if (first) {
    problems.push(`the rollup differs from the ticks in ${1 + others.length} rows: ${JSON.stringify(first)}`);
  }
}
