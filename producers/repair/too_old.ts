import type { Log } from "../../shared/log.ts";
import type { Range } from "./ranges.ts";

/** Says once of each range that it waits for the exchange's archive, as its REST API does not reach back so far. */
export function createTooOld(log: Log): (ranges: readonly Range[]) => void {
  const told = new Set<string>();
  return (ranges) => {
    for (const { feed, first, last, startsAt } of ranges) {
      const key = `${feed} ${last}`;
      if (told.has(key)) continue;
      told.add(key);
      const since = new Date(startsAt).toISOString();
      // Files of a day come on the next one.
      log.warn("a gap is older than the exchange's REST API reaches back: it waits for the archive", {
        ...{ feed, since, missing: first === 0 ? undefined : last - first + 1 },
        ...{ file_of: since.slice(0, 10) },
      });
    }
  };
}
