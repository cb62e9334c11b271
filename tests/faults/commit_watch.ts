import { sleep } from "../../shared/wait.ts";
import type { Stage } from "./stage.ts";

/** Whatever becomes of brokers, offsets are committed within this time, in ms. */
const COMMIT_MS = 15_000;
const LOOK_MS = 100;

/** Watches for how long a stage's consumers commit nothing, though messages come all the time. */
export interface CommitWatch extends AsyncDisposable {
  /** The longest time without a commit, in ms; one that is too long is a problem of the stage's. */
  longest(): number;
}

/** Begins to watch. A consumer counts a message as stored once its offset is committed. */
export function watchCommits({ workers, problems }: Stage): CommitWatch {
  const done = new AbortController();
  const pauses = new Map(["book:consume", "kline:consume"].map((task) => [task, 0]));
  const watch = async (task: string) => {
    let [stored, since] = [-1, performance.now()];
    while (!done.signal.aborted) {
      const reports = await Promise.all(workers.of(task).map((worker) => worker.report()));
      const now = reports.reduce((sum, report) => sum + (report?.counts.stored ?? 0), 0);
      pauses.set(task, Math.max(pauses.get(task)!, performance.now() - since));
      if (now !== stored) [stored, since] = [now, performance.now()];
      await sleep(LOOK_MS, done.signal);
    }
  };
  const watching = Promise.all([...pauses.keys()].map(watch));
  return {
    longest() {
      for (const [task, ms] of pauses) {
        if (ms > COMMIT_MS) problems.push(`${task} committed nothing for ${Math.round(ms)} ms`);
      }
      return Math.max(...pauses.values());
    },
    async [Symbol.asyncDispose]() {
      done.abort();
      await watching;
    },
  };
}
