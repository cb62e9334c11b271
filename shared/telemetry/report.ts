import type { Histogram } from "./histogram.ts";

/** What a worker says of itself. */
export interface Report {
  /** The counts by name, such as `received` or `stored`. */
  readonly counts: Record<string, number>;
  /** Delays from receipt to commit, in ms: of the process's life, and of the last minute. */
  readonly delays?: Histogram;
  readonly recentDelays?: Histogram;
  /** The last price of each symbol, a decimal string. */
  readonly prices?: Record<string, string>;
  /**
   * Why it makes no progress when waiting does not help: a right is missing, a password is wrong, or the cause is unknown. A person
   * must act. The worker keeps trying. Absent while all is well.
   */
  readonly stuck?: string;
  /** What it waits for, if the wait ends by itself: the start, or a server that is away. The worker keeps what it has in memory. */
  readonly waiting?: string;
}
