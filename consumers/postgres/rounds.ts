import { describe, type Log } from "../../shared/log.ts";

/** SQLSTATE 55P03. */
const LOCK_NOT_AVAILABLE = "55P03";

/** A job that has not succeeded for this long makes its worker not ready, in ms. Shorter waits are usual: a reader may hold a lock. */
const FAILED_MS = 300_000;

/** Runs rounds of jobs and remembers which of them fail. */
export interface Rounds {
  /** Runs one round; returns whether the job has more to do at once. A round that fails is logged; the next round repeats it. */
  run(job: string, round: () => Promise<boolean>): Promise<boolean>;
  /** Which job has not succeeded for five minutes, and why, in words; undefined if each has. */
  stuck(): string | undefined;
}

/** Since when a job has not succeeded, in ms of `performance.now()`; `why` is its last failure. */
interface Failing {
  readonly since: number;
  readonly why?: string;
}

export function createRounds(log: Log): Rounds {
  const failing = new Map<string, Failing>();
  return {
    async run(job, round) {
      const since = failing.get(job)?.since ?? performance.now();
      // A round that never ends counts as one that fails.
      if (!failing.has(job)) failing.set(job, { since });
      try {
        const hasMore = await round();
        failing.delete(job);
        return hasMore;
      } catch (error) {
        const isLocked = (error as { code?: string }).code === LOCK_NOT_AVAILABLE;
        const why = isLocked
          ? "it waits for a lock: is a transaction open that nobody ends? See " +
            "select * from pg_stat_activity order by xact_start"
          : describe(error);
        failing.set(job, { since, why });
        const words = "a job of the database failed and is done again soon";
        // A wait for a lock is logged only if it takes unusually long.
        if (isLocked && performance.now() - since < FAILED_MS) log.debug(words, { job, why });
        else log.sparsely(isLocked ? "lock" : "job", words, { job, why });
        return false;
      }
    },
    stuck() {
      for (const [job, { since, why = "its round does not end" }] of failing) {
        const ms = performance.now() - since;
        if (ms >= FAILED_MS) {
          return `the job ${job} has not succeeded for ${Math.floor(ms / 60_000)} min: ${why}`;
        }
      }
    },
  };
}
