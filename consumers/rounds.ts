import { describe, type Log } from "../shared/log.ts";

/** SQLSTATE 55P03. */
const LOCK_NOT_AVAILABLE = "55P03";

/** For so long a lock may be held by who does the same, or by who reads, in ms; after that somebody should know. */
const LOCKED_MS = 600_000;

/** Makes what does a round of a chore: one that fails is told of, and left to the next round. */
export function createRounds(log: Log): (chore: string, run: () => Promise<unknown>) => Promise<void> {
  const lockedSince = new Map<string, number>();
  return async (chore, run) => {
    try {
      await run();
      lockedSince.delete(chore);
    } catch (error) {
      const fields = { chore, why: describe(error) };
      const words = "a chore of the database failed and is done again soon";
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) return log.sparsely("job", words, fields);
      const now = performance.now();
      const at = lockedSince.get(chore) ?? now;
      lockedSince.set(chore, at);
      if (now - at < LOCKED_MS) return log.debug(words, fields);
      const advice = "a chore of the database waits for a lock: is a transaction open that nobody ends?";
      log.sparsely("lock", advice, { ...fields, look: "select * from pg_stat_activity order by xact_start" });
    }
  };
}
