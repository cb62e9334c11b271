import type { Log } from "../../shared/log.ts";
import type { Gap } from "../../shared/streams/gap.ts";
import { sleep } from "../../shared/wait.ts";

/** Feeds that are lost together usually come back within this time, in ms. */
const GATHER_MS = 2_000;

/** Logs gaps, one line for each outage. */
export interface GapLog {
  note(gap: Gap): void;
  /** Logs the rest, when the worker ends. */
  close(): void;
}

/** Collects gaps of one reason for some seconds, and logs their times and the number of their symbols. */
export function createGapLog(log: Log): GapLog {
  const gathered = new Map<string, Gap[]>();
  const closed = new AbortController();
  const tell = (reason: string) => {
    const gaps = gathered.get(reason);
    gathered.delete(reason);
    if (!gaps) return;
    const from = Math.min(...gaps.map(({ startedAt }) => startedAt));
    const to = Math.max(...gaps.map(({ endedAt }) => endedAt));
    const dropped = gaps.reduce((sum, { dropped }) => sum + (dropped ?? 0), 0);
    const names = new Set(gaps.map(({ symbol }) => symbol));
    log.warn(gaps.length === 1 ? "a gap is recorded" : "gaps are recorded", {
      reason,
      symbols: names.size,
      ...(names.size === 1 ? { symbol: gaps[0].symbol } : {}),
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      ...(dropped > 0 ? { dropped } : {}),
    });
  };
  return {
    note(gap) {
      const gaps = gathered.get(gap.reason);
      if (gaps) return void gaps.push(gap);
      gathered.set(gap.reason, [gap]);
      sleep(GATHER_MS, closed.signal).then(() => tell(gap.reason));
    },
    close: () => closed.abort(),
  };
}
