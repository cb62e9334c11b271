import { sleep } from "../shared/wait.ts";
import { type Backlog, makeBacklog } from "./backlog.ts";
import { drain } from "./drain.ts";
import type { Options, Progress, Result } from "./benchmark.ts";
import { play, startPipeline } from "./pipeline.ts";
import { memoryOf, startCpuMeter } from "./process.ts";
import { freshDatabase, type Stack, startStack } from "./stack.ts";
import { secondsToMessage, secondsToRow } from "./start.ts";
import { measured, rounded } from "./statistics.ts";
import { spread, table } from "./table.ts";

/** Messages a second, and for how long, while memory is looked at; its first half is warming up. */
const RATE = 1_000;
const BUSY_SECONDS = 30;
const SETTLE_SECONDS = 5;
const IDLE_SECONDS = 30;

/** What is measured, by its name in `--json`; each says what it is and in what unit. */
const figures = {
  producer_mb: "producer at 1,000 messages/s, MB resident",
  consumer_mb: "consumer at 1,000 messages/s, MB resident",
  draining_mb: "consumer draining a backlog, MB resident at most",
  producer_idle_percent: "producer without messages, % of a core",
  consumer_idle_percent: "consumer without messages, % of a core",
  first_message_s: "start of the producer → first message on Kafka, s",
  first_row_s: "start of the consumer → first row in Postgres, s",
};

type Footprint = Record<keyof typeof figures, number>;

/** What the workers take of the machine, and how long they take to start. */
export async function run(progress: Progress, { runs, messages }: Options): Promise<Result> {
  await using stack = await startStack(progress);
  await using first = await freshDatabase(stack);
  const backlog = await makeBacklog(stack, first, messages, progress);
  // Deno compiles the workers' code at their first start and keeps the result.
  await secondsToMessage(stack);
  await secondsToRow(stack, backlog);
  const all: Footprint[] = [];
  for (let run = 1; run <= runs; run++) {
    progress(`run ${run} of ${runs}`);
    all.push(await measure(stack, backlog));
  }
  const names = Object.keys(figures) as (keyof Footprint)[];
  const found = names.map((name) => measured(all.map((footprint) => footprint[name])));
  return {
    lines: table(["footprint", ""], names.map((name, i) => [figures[name], spread(found[i])])),
    json: { footprint: Object.fromEntries(names.map((name, i) => [name, rounded(found[i].median)])) },
  };
}

async function measure(stack: Stack, backlog: Backlog): Promise<Footprint> {
  return {
    first_message_s: await secondsToMessage(stack),
    first_row_s: await secondsToRow(stack, backlog),
    ...await live(stack),
    draining_mb: (await drain(stack, backlog)).highestMemory,
  };
}

/** Memory of both workers while messages come, and their CPU time once none do. */
async function live(stack: Stack) {
  await using pipeline = await startPipeline(stack);
  const { producer, consumer } = pipeline;
  const [[producer_mb, consumer_mb]] = await Promise.all([
    highestMemory([producer.pid, consumer.pid]),
    play(pipeline, RATE, BUSY_SECONDS),
  ]);
  await sleep(SETTLE_SECONDS * 1_000);
  const taken = await startCpuMeter({ producer: [producer.pid], consumer: [consumer.pid] });
  const startedAt = performance.now();
  await sleep(IDLE_SECONDS * 1_000);
  const cpu = await taken();
  const percent = (seconds: number) => seconds / ((performance.now() - startedAt) / 1_000) * 100;
  return {
    producer_mb,
    consumer_mb,
    producer_idle_percent: percent(cpu.producer),
    consumer_idle_percent: percent(cpu.consumer),
  };
}

/** The most that each process holds in the second half of the busy time, by a look a second, in MB. */
async function highestMemory(pids: readonly number[]): Promise<number[]> {
  await sleep(BUSY_SECONDS / 2 * 1_000);
  const highest = pids.map(() => 0);
  for (let second = 0; second < BUSY_SECONDS / 2; second++) {
    for (const [i, pid] of pids.entries()) highest[i] = Math.max(highest[i], (await memoryOf(pid)).now);
    await sleep(1_000);
  }
  return highest;
}
