import { noteProgress, type Progress, whyStuck } from "./progress.ts";
import type { CountName } from "./metrics.ts";
import type { Report } from "./report.ts";

export const states = ["ok", "waiting", "stuck"] as const;

/** How a worker is doing. */
export interface Status {
  readonly state: (typeof states)[number];
  /** Why it is not ok, in words. */
  readonly reason?: string;
}

/** A report of which each count is a metric. */
export interface Observed extends Report {
  readonly counts: Partial<Record<CountName, number>> & Report["counts"];
}

/**
 * The registry of one stream's numbers in a worker. `/metrics`, `/healthz`, the log, the rows of `worker_data` and the screen of `up`
 * read them here. It holds no number: each has one home, a plain field of what counts it, and is read when it is asked for.
 */
export interface Telemetry {
  /** The stream's name; of a worker without a stream, the worker's. */
  readonly stream: string;
  /** Registers how the numbers are read, in the place of an earlier `read`. */
  observe(read: () => Observed): void;
  report(): Report;
  /** How the worker is doing. It notes the progress since the last call: ask it every few seconds. */
  status(): Status;
}

export function createTelemetry(stream: string): Telemetry {
  let read: () => Report = () => ({ counts: {} });
  let progress: Progress = { done: 0, since: performance.now() };
  return {
    stream,
    observe: (other) => void (read = other),
    report: () => read(),
    status() {
      const report = read();
      progress = noteProgress(progress, report, performance.now());
      const stuck = whyStuck(report, progress, performance.now());
      if (stuck !== undefined) return { state: "stuck", reason: stuck };
      return report.waiting === undefined ? { state: "ok" } : { state: "waiting", reason: report.waiting };
    },
  };
}
