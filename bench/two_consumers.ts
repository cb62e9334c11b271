import { makeBacklog } from "./backlog.ts";
import { type Drain, drain } from "./drain.ts";
import type { Options, Progress } from "./benchmark.ts";
import { freshDatabase, startStack } from "./stack.ts";

/** Drains by one consumer, and by two of one group. */
export interface Comparison {
  readonly one: Drain[];
  readonly two: Drain[];
}

/**
 * Drains the same topic of four partitions by one consumer and by two. The broker holds a new group's first assignment back
 * for a moment, so that both have their partitions before they fetch: else the first would have drained a good part of them.
 */
export async function compareTwo(progress: Progress, { runs, messages }: Options): Promise<Comparison> {
  await using stack = await startStack(progress, { "group.initial.rebalance.delay.ms": "3000" });
  await using first = await freshDatabase(stack);
  const backlog = await makeBacklog(stack, first, messages, progress);
  const one: Drain[] = [];
  const two: Drain[] = [];
  for (let run = 1; run <= runs; run++) {
    progress(`one consumer and two: run ${run} of ${runs}`);
    one.push(await drain(stack, backlog));
    two.push(await drain(stack, backlog, 2));
  }
  return { one, two };
}
