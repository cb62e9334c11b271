import { makeBacklog } from "./backlog.ts";
import { contenderHeading, contenderRow, rates, type Run, timesAsFast } from "./contender.ts";
import { type Drain, drain } from "./drain.ts";
import type { Options, Progress, Result } from "./benchmark.ts";
import { trades } from "./kinds.ts";
import { copy, hasPsql } from "./peers/psql.ts";
import { drainWithSpark, installSpark, type SparkDrain } from "./peers/pyspark.ts";
import { freshDatabase, startStack } from "./stack.ts";
import { measured, rounded } from "./statistics.ts";
import { spread, table } from "./table.ts";
import { compareTwo } from "./two_consumers.ts";

/**
 * How fast the book's consumer drains a backlog, and the trades' one as many trades, against the limit, `psql \copy` of the same rows into an equal table, and the
 * PySpark job that Bookline replaces; then two consumers against one.
 */
export async function run(progress: Progress, options: Options): Promise<Result> {
  const withPsql = await hasPsql();
  const { ours, ofTrades, copies, sparks } = await takeTurns(progress, options, withPsql);
  const two = await compareTwo(progress, options);
  const versusTicks = measured(timesAsFast(ofTrades, ours));
  const count = options.messages;
  const versusCopy = measured(timesAsFast(ours, copies));
  const versusSpark = options.pyspark && measured(timesAsFast(ours, sparks));
  const limit = withPsql ? "psql \\copy" : "the server's own copy, as there is no psql";
  return {
    lines: [
      ...table(contenderHeading("consumer", "rows"), [
        contenderRow("Bookline", ours, count),
        contenderRow("Bookline, trades", ofTrades, count, `${spread(versusTicks)} × ticks`),
        contenderRow(limit, copies, count, `Bookline: ${spread(versusCopy)} ×`),
        ...versusSpark ? [contenderRow("PySpark", sparks, count, `Bookline: ${spread(versusSpark)} ×`)] : [],
        contenderRow("one consumer, beside two", two.one, count),
        contenderRow(
          "two consumers",
          two.two,
          count,
          `${spread(measured(timesAsFast(two.two, two.one)))} × one`,
        ),
      ]),
      `Bookline, from the start of its process: ${spread(measured(ours.map((one) => one.fromStart)))} s.`,
      ...versusSpark
        ? [`PySpark's start, not counted: ${spread(measured(sparks.map((one) => one.startSeconds)))} s.`]
        : [],
    ],
    json: {
      consumer: {
        rows_per_s: Math.round(measured(rates(ours, count)).median),
        vs_copy: rounded(versusCopy.median),
        trades_vs_ticks: rounded(versusTicks.median),
        vs_pyspark: versusSpark ? rounded(versusSpark.median) : null,
      },
    },
  };
}

/** Has the contenders take turns, each time on an empty database. */
async function takeTurns(progress: Progress, { runs, messages, pyspark }: Options, withPsql: boolean) {
  const spark = pyspark ? await installSpark(progress) : undefined;
  await using stack = await startStack(progress);
  await using first = await freshDatabase(stack);
  const backlog = await makeBacklog(stack, first, messages, progress);
  const tradeBacklog = await makeBacklog(stack, first, messages, progress, trades);
  const ours: Drain[] = [];
  const ofTrades: Drain[] = [];
  const copies: Run[] = [];
  const sparks: SparkDrain[] = [];
  for (let run = 1; run <= runs; run++) {
    progress(`run ${run} of ${runs}`);
    ours.push(await drain(stack, backlog));
    ofTrades.push(await drain(stack, tradeBacklog));
    copies.push(await copy(stack, backlog, withPsql));
    if (spark) sparks.push(await drainWithSpark(stack, backlog, spark));
  }
  return { ours, ofTrades, copies, sparks };
}
