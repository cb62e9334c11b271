import { sleep } from "../shared/wait.ts";
import type { TestWorker } from "../tests/worker.ts";
import type { Backlog } from "./backlog.ts";
import type { Run } from "./contender.ts";
import { memoryOf, startCpuMeter } from "./process.ts";
import { digestOf, fieldsOf, requireSame } from "./rows.ts";
import { freshDatabase, type Stack } from "./stack.ts";

/**
 * What a drained backlog took, from the first fetch, once the group is joined, until all rows and offsets are committed. CPU
 * time is that from the start of the processes.
 */
export interface Drain extends Run {
  /** The time from the start of the processes, in s. */
  readonly fromStart: number;
  /** The highest resident memory of a consumer, in MB. */
  readonly highestMemory: number;
}

/** How often a consumer is asked how far it is: so seldom that it costs almost nothing, in ms. */
const POLL_MS = 25;

let groups = 0;

/**
 * Has the real consumers drain a backlog into an empty database, as a group of its own.
 * @throws {Error} if the table does not hold exactly the rows that were produced
 */
export async function drain(stack: Stack, { topics, digest }: Backlog, consumers = 1): Promise<Drain> {
  await using database = await freshDatabase(stack);
  const { kind } = topics;
  const env = { ...topics.env, DB_URL: database.url, KAFKA_GROUP_ID: `drain-${++groups}` };
  const startedAt = Date.now();
  await using workers = new AsyncDisposableStack();
  const all = Array.from(
    { length: consumers },
    () => workers.use(stack.startWorker(`${kind.name}:consume`, env)),
  );
  const pids = {
    worker: all.map(({ pid }) => pid),
    postgres: [stack.postgres.pid],
    kafka: [stack.kafka.pid],
  };
  const taken = await startCpuMeter(pids);
  while (await storedBy(all) < digest.count) await sleep(POLL_MS);
  const endedAt = Date.now();
  const cpu = await taken();
  const highest = await Promise.all(all.map(async ({ pid }) => (await memoryOf(pid)).highest));
  await Promise.all(all.map((worker) => worker.kill("SIGTERM")));
  requireSame(
    "Bookline",
    await digestOf(database.sql, `websocket.${kind.topic}`, fieldsOf(kind), kind),
    digest,
  );
  return {
    seconds: (endedAt - Math.max(...all.map(joinedAt))) / 1_000,
    fromStart: (endedAt - startedAt) / 1_000,
    cpu,
    highestMemory: Math.max(...highest),
  };
}

/** Rows whose offsets are committed, by all of the consumers. */
async function storedBy(workers: readonly TestWorker[]): Promise<number> {
  const reports = await Promise.all(workers.map((worker) => worker.report()));
  return reports.reduce((sum, report) => sum + (report?.counts.stored ?? 0), 0);
}

/** When a consumer joined its group for the last time and began to fetch, by its log, ms since the epoch. */
function joinedAt({ lines }: TestWorker): number {
  return Date.parse(lines.findLast((line) => line.includes("joined the group"))!.split(" ")[0]);
}
