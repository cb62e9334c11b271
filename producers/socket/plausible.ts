import type { Log } from "../../shared/log.ts";

/** How far an event may be ahead of this machine's clock, in ms. */
const MOST_LEAD_MS = 60_000;
/** After this many frames in a row that are ahead, this machine's clock is considered to be behind. */
const MANY = 100;

/**
 * Returns a check of the exchange's times, in ms since the epoch: whether an event time is so far ahead of this machine's clock that it
 * can't be true. Such a time is logged, and must not be compared with other times.
 */
export function createUntimely(log: Log, now: () => number = Date.now): (eventTime: number) => boolean {
  /** How far the exchange is known to be ahead of a clock that is behind, in ms. */
  let lead = 0;
  let inARow = 0;
  return (eventTime) => {
    const ahead = eventTime - now();
    if (ahead <= MOST_LEAD_MS) {
      lead = inARow = 0;
      return false;
    }
    if (lead > 0 && ahead <= lead + MOST_LEAD_MS) {
      lead = Math.max(lead, ahead);
      inARow = 0;
      return false;
    }
    inARow++;
    const minutes = Math.round(ahead / 60_000);
    if (inARow < MANY) {
      log.sparsely("clock", "an event is dated ahead of the clock: its time is ignored", { minutes });
      return true;
    }
    lead = ahead;
    inARow = 0;
    log.error("this machine's clock is behind the exchange's: set it right", { minutes });
    return false;
  };
}
