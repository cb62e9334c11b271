import assert from "node:assert/strict";
import { noteProgress, type Progress, whyStuck } from "./progress.ts";
import type { Report } from "./report.ts";

const start: Progress = { done: 0, since: 0 };

/** The verdict on a worker that was looked at every 5 s. */
function verdict(reports: Report[]): string | undefined {
  const end = (reports.length - 1) * 5_000;
  const progress = reports.reduce((before, report, i) => noteProgress(before, report, i * 5_000), start);
  return whyStuck(reports.at(-1)!, progress, end);
}

const minute = (report: (i: number) => Report) => Array.from({ length: 13 }, (_, i) => report(i));

Deno.test("a consumer that is behind and stores nothing for a minute is stuck", () => {
  assert.equal(
    verdict(minute(() => ({ counts: { stored: 0, behind: 40 } }))),
    "40 messages wait, and none was processed for 60 s",
  );
});

Deno.test("a producer whose buffer is not sent for a minute is stuck", () => {
  assert.match(verdict(minute((i) => ({ counts: { produced: 0, buffered: i + 1 } })))!, /^13 messages wait/);
});

Deno.test("a worker that reports why it is stuck is stuck at once", () => {
  assert.equal(verdict([{ counts: { stored: 9 }, stuck: "no frame for 61 s" }]), "no frame for 61 s");
});

Deno.test("a consumer that makes progress is not stuck, however far behind it is", () => {
  assert.equal(verdict(minute((i) => ({ counts: { stored: i, behind: 1_000_000 } }))), undefined);
});

Deno.test("a worker that has nothing to do is not stuck", () => {
  assert.equal(verdict(minute(() => ({ counts: { stored: 5, behind: 0 } }))), undefined);
});

Deno.test("a consumer that waits for its database is not stuck, and has a minute when the database is back", () => {
  const counts = { stored: 5, behind: 40 };
  const away = minute(() => ({ counts, waiting: "the database is down" }));
  assert.equal(verdict(away), undefined);
  assert.equal(verdict([...away, { counts }]), undefined);
});
