import type { Histogram } from "../../shared/telemetry/histogram.ts";
import type { AuditCounts } from "./audit_counts.ts";
import type { GapCounts } from "./gap_counts.ts";
import type { Counts } from "./totals.ts";

/** How a stream is doing. */
export interface StreamPicture {
  readonly name: string;
  /** Whether a producer of its own fills it, which the counts up to `produced` are of. */
  readonly isProduced: boolean;
  readonly counts: Counts;
  /** Messages a second that came from the exchange, or that were stored of a stream that workers make. */
  readonly rate: number;
  /** Messages on Kafka that are not stored yet; null if Kafka can't be asked. */
  readonly behind: number | null;
  /** From receipt to commit, in ms: of the run, and of the last minute. */
  readonly delays: Histogram;
  readonly recentDelays: Histogram;
}

/** How the pipeline is doing. */
export interface Picture {
  readonly streams: readonly StreamPicture[];
  /** The gaps in the ledger; null if they can't be counted. */
  readonly gaps: GapCounts | null;
  /** How the candles compare with their trades; null if that can't be counted. */
  readonly audit: AuditCounts | null;
  /** The last price of each symbol, a decimal string. */
  readonly prices: Readonly<Record<string, string>>;
  /** What keeps servers from running and workers from making progress, a line each. */
  readonly troubles: readonly string[];
  /** How often servers and workers that ended unasked were started again; only those that were. */
  readonly restarts: Readonly<Record<string, number>>;
}
