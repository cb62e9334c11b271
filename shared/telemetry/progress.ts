import type { Report } from "./report.ts";

/** A worker that has work and makes no progress for this long is stuck, in ms. */
const STALL_MS = 60_000;

/** The counts that say what is still to be done, and those that say what has been done. */
const backlogs = ["buffered", "behind"];
const outcomes = ["produced", "stored", "rejected", "dropped", "merged", "expired", "legacy", "lost"];

/** How far a worker had come when it last made progress. */
export interface Progress {
  readonly done: number;
  /** When it last did anything, had nothing to do, or said what it waits for; ms of `performance.now()`. */
  readonly since: number;
}

/** How far the worker has come by `now`, in ms of `performance.now()`. */
export function noteProgress(before: Progress, report: Report, now: number): Progress {
  const done = sum(report, outcomes);
  const isIdle = sum(report, backlogs) === 0 || report.waiting !== undefined;
  return isIdle || done !== before.done ? { done, since: now } : before;
}

/** Why the worker is stuck, in words; undefined if it is not. */
export function whyStuck(report: Report, { since }: Progress, now: number): string | undefined {
  if (report.stuck !== undefined || now - since < STALL_MS) return report.stuck;
  const seconds = Math.round((now - since) / 1_000);
  return `${sum(report, backlogs)} messages wait, and none was processed for ${seconds} s`;
}

function sum({ counts }: Report, names: readonly string[]): number {
  return names.reduce((total, name) => total + (counts[name] ?? 0), 0);
}
