import assert from "node:assert/strict";
import { note, percentile } from "../../shared/telemetry/histogram.ts";
import { addTotals, atEnd, nothing, streamCounts } from "./totals.ts";

Deno.test("what a worker did before it was started again is added to what it does now", () => {
  const slow: number[] = [];
  note(slow, 1_000, 3);
  const earlier = addTotals(nothing, {
    counts: { stored: 5, rejected: 1 },
    delays: slow,
    prices: { BTCUSDT: "1.0" },
  });
  const both = addTotals(earlier, { counts: { stored: 2 }, prices: { BTCUSDT: "1.1", ETHUSDT: "2" } });
  assert.deepEqual(both.counts, { stored: 7, rejected: 1 });
  assert.deepEqual(both.prices, { BTCUSDT: "1.1", ETHUSDT: "2" });
  assert.equal(percentile(both.delays, 0.5), percentile(slow, 0.5));
  assert.deepEqual(nothing.counts, {});
});

Deno.test("a stream's counts are those of both its workers; what either rejects is added up", () => {
  const producer = { ...nothing, counts: { received: 10, produced: 9, rejected: 1, buffered: 3 } };
  const consumer = { ...nothing, counts: { stored: 7, rejected: 2, behind: 4 } };
  assert.deepEqual(streamCounts(producer, consumer, 6), {
    received: 10,
    produced: 9,
    rejected: 3,
    dropped: 0,
    merged: 0,
    duplicate: 0,
    stored: 7,
    expired: 0,
    legacy: 0,
    lost: 0,
    buffered: 3,
    unsent: 0,
    rows: 6,
  });
});

Deno.test("a stream whose workers have not spoken yet has done nothing, and its rows are unknown", () => {
  assert.equal(streamCounts(nothing, nothing, null).received, 0);
  assert.equal(streamCounts(nothing, nothing, null).rows, null);
});

Deno.test("what a worker still held in its memory when it ended is unsent, over all its runs", () => {
  const once = addTotals(nothing, atEnd({ counts: { received: 9, produced: 5, buffered: 4 } }));
  const twice = addTotals(once, atEnd({ counts: { received: 3, produced: 1, buffered: 2 } }));
  const now = addTotals(twice, { counts: { received: 1, buffered: 1 } });
  assert.deepEqual(now.counts, { received: 13, produced: 6, unsent: 6, buffered: 1 });
});
