import { sleep } from "../../../shared/wait.ts";
import type { Fault, Schedule } from "./fault.ts";

/** Lets faults happen at their times, counted from now, until the signal is aborted. */
export async function runSchedule(
  schedule: Schedule,
  inject: (fault: Fault) => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(schedule.map(async ({ at, every, inject: fault }) => {
    await sleep(at, signal);
    while (!signal.aborted) {
      inject(fault);
      if (every === undefined) return;
      await sleep(every, signal);
    }
  }));
}
