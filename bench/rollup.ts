import { sleep } from "../shared/wait.ts";
import { differences } from "../tests/rollup.ts";
import type { Options, Progress, Result } from "./benchmark.ts";
import { fillTicks } from "./market.ts";
import { freshDatabase, freshTopics, type Stack, startStack } from "./stack.ts";
import { measured } from "./statistics.ts";
import { spread, table } from "./table.ts";

const TICKS = 2_000_000;
/** How long the rollup waits for a lock before it begins. */
const LOCKED_SECONDS = 25;
const POLL_MS = 25;

/** How fast the book's consumer rolls up a backlog, from the end of a lock until no second is stale. */
export async function run(progress: Progress, { runs }: Options): Promise<Result> {
  await using stack = await startStack(progress);
  const seconds: number[] = [];
  for (let run = 1; run <= runs; run++) {
    progress(`run ${run} of ${runs}`);
    seconds.push(await rollUp(stack, progress));
  }
  const taken = measured(seconds);
  const rate = measured(seconds.map((one) => TICKS / one));
  const heading = [`rollup of ${TICKS.toLocaleString("en")} ticks after a lock of ${LOCKED_SECONDS} s`, ""];
  return {
    lines: table(heading, [["ticks/s", spread(rate)], ["s from the lock's end", spread(taken)]]),
    json: { rollup: { ticks_per_s: Math.round(rate.median) } },
  };
}

/**
 * Returns the seconds from the lock's end until the rollup is current.
 * @throws {Error} if the rollup differs from the ticks
 */
async function rollUp(stack: Stack, progress: Progress): Promise<number> {
  await using database = await freshDatabase(stack);
  const { sql } = database;
  const topics = await freshTopics(stack);
  // Two days ago, so that all of it is in one day that is kept.
  const [{ since }] = await sql`select date_trunc('day', now() - interval '2 days', 'UTC') as since`;
  await fillTicks(sql, since, 1, TICKS, progress);
  await sql`insert into websocket.stale_seconds (second) select generate_series(0, 3599) * interval '1 s' + ${since}`;
  await sql`vacuum analyze`;

  const holder = database.connect();
  let startedAt = 0;
  await using workers = new AsyncDisposableStack();
  await holder.begin(async (transaction) => {
    await transaction`lock table websocket.order_book_1s in exclusive mode`;
    workers.use(stack.startWorker("book:consume", { ...topics.env, DB_URL: database.url }));
    await sleep(LOCKED_SECONDS * 1_000);
    startedAt = performance.now();
  });
  await holder.end();
  while ((await sql`select from websocket.stale_seconds limit 1`).length > 0) await sleep(POLL_MS);
  const taken = (performance.now() - startedAt) / 1_000;
  progress("comparing the rollup with the ticks");
  const [different] = await differences(sql);
  if (different) throw new Error(`Cannot count a rollup that is wrong: ${JSON.stringify(different)}`);
  return taken;
}
