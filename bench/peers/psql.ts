import { run } from "../../local/command.ts";
import { startCpuMeter } from "../process.ts";
import { copyColumns, digestOf, fields, requireSame } from "../rows.ts";
import type { Backlog } from "../backlog.ts";
import type { Run } from "../contender.ts";
import { freshDatabase, type Stack } from "../stack.ts";

/** Whether there is a `psql` to measure. */
export async function hasPsql(): Promise<boolean> {
  return await run("psql", ["--version"]).then(() => true, () => false);
}

/**
 * Copies a backlog's file into an empty table equal to the consumer's: as a client with `psql \copy`, or, without psql, by
 * the server itself, which is faster.
 * @throws {Error} if the table does not hold exactly the rows that were produced
 */
export async function copy(stack: Stack, { file, digest }: Backlog, withPsql: boolean): Promise<Run> {
  await using database = await freshDatabase(stack);
  const read = await startCpuMeter({ postgres: [stack.postgres.pid] });
  const into = `copy websocket.order_book_data (${copyColumns}) from '${file}'`;
  const seconds = withPsql
    ? await timed(() => psql(database.url, into))
    : await timed(() => database.sql.unsafe(into));
  const cpu = await read();
  requireSame("copy", await digestOf(database.sql, "websocket.order_book_data", fields), digest);
  return { seconds, cpu };
}

/** Runs a statement of psql's own and returns how long that took, its start and connection left out. */
async function psql(url: string, copy: string): Promise<number> {
  const commands = ["-c", "\\timing on", "-c", `\\${copy}`];
  const printed = await run("psql", ["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", ...commands, url]);
  return Number(/Time: ([\d.]+) ms/.exec(printed)![1]) / 1_000;
}

/** The time that `task` returns, or else the time that it took, in s. */
async function timed(task: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const measured = await task();
  return typeof measured === "number" ? measured : (performance.now() - startedAt) / 1_000;
}
