import { describe, type Log } from "./log.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";
import { backoff, sleep } from "./wait.ts";

/** After a part has run for this long, its next failure is followed by a short pause again. In ms. */
const WELL_MS = 30_000;
/** The longest pause before a part runs again, in ms. */
const MOST_PAUSE_MS = 30_000;

/** Aborted to stop: `signal` asks for an end in order, `deadline` gives up what is not finished. */
export interface Stop {
  readonly signal: AbortSignal;
  readonly deadline: AbortSignal;
}

/** A worker that shares its process with others. */
export interface Part {
  readonly log: Log;
  readonly telemetry: Telemetry;
  run(stop: Stop): Promise<void>;
}

/**
 * Runs several workers in one process. If one fails, it runs again after a pause, and the others go on. If its failure is `isFinal`,
 * it stays stuck and does not run again.
 * @throws the first failure that was final or came while the process stopped, once no part runs any more
 */
export async function runApart(
  parts: readonly Part[],
  stop: Stop,
  isFinal: (error: unknown) => boolean,
): Promise<void> {
  const ends = await Promise.allSettled(parts.map((part) => keepRunning(part, stop, isFinal)));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function keepRunning(
  { log, telemetry, run }: Part,
  { signal, deadline }: Stop,
  isFinal: (error: unknown) => boolean,
): Promise<void> {
  for (let failures = 0;; failures++) {
    const failed = new AbortController();
    const startedAt = performance.now();
    try {
      return await run({
        signal: AbortSignal.any([signal, failed.signal]),
        deadline: AbortSignal.any([deadline, failed.signal]),
      });
    } catch (error) {
      // What it began and left running ends, too.
      failed.abort();
      const last = telemetry.report();
      const stuck = describe(error);
      telemetry.observe(() => ({ ...last, stuck }));
      log.error(stuck);
      log.debug((error as Error)?.stack ?? "no stack");
      if (isFinal(error) || signal.aborted) throw error;
      if (performance.now() - startedAt > WELL_MS) failures = 0;
      await sleep(backoff(failures, 1_000, MOST_PAUSE_MS), signal);
      if (signal.aborted) throw error;
    }
  }
}
