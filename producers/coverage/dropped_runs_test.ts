import assert from "node:assert/strict";
import { createDroppedRuns } from "./dropped_runs.ts";

const spans = (droppedRuns: ReturnType<typeof createDroppedRuns>) =>
  droppedRuns.take().map((
    { symbol, startedAt, endedAt, dropped },
  ) => [symbol, startedAt, endedAt, dropped]);

Deno.test("what is dropped in a row is one gap, and a message that is sent in between ends it", () => {
  const droppedRuns = createDroppedRuns("book");
  for (const time of [10, 11, 12]) droppedRuns.dropped("BTCUSDT", time);
  droppedRuns.dropped("ETHUSDT", 12);
  droppedRuns.sent("BTCUSDT");
  for (const time of [20, 21]) droppedRuns.dropped("BTCUSDT", time);
  droppedRuns.dropped("ETHUSDT", 22);
  assert.deepEqual(spans(droppedRuns), [["BTCUSDT", 10, 12, 3], ["ETHUSDT", 12, 22, 2], [
    "BTCUSDT",
    20,
    21,
    2,
  ]]);
  assert.deepEqual(spans(droppedRuns), []);
});

Deno.test("gaps that begin in the same ms are one, since a row has no other key", () => {
  const droppedRuns = createDroppedRuns("book");
  droppedRuns.dropped("BTCUSDT", 10);
  droppedRuns.sent("BTCUSDT");
  droppedRuns.dropped("BTCUSDT", 10);
  assert.deepEqual(spans(droppedRuns), [["BTCUSDT", 10, 10, 2]]);
});

Deno.test("however long the buffer stays full, the gaps to be told stay few and their counts exact", () => {
  const droppedRuns = createDroppedRuns("book");
  for (let time = 0; time < 5_000; time++) {
    droppedRuns.dropped("BTCUSDT", time);
    droppedRuns.sent("BTCUSDT");
  }
  const gaps = droppedRuns.take();
  assert.equal(gaps.length, 1_000);
  assert.equal(gaps.reduce((sum, { dropped }) => sum + dropped!, 0), 5_000);
});

Deno.test("a gap that grows after it was told is told again as the same row, with all that it counts", () => {
  const droppedRuns = createDroppedRuns("book");
  for (const time of [10, 11]) droppedRuns.dropped("BTCUSDT", time);
  assert.deepEqual(spans(droppedRuns), [["BTCUSDT", 10, 11, 2]]);
  for (const time of [11, 9, 15]) droppedRuns.dropped("BTCUSDT", time);
  assert.deepEqual(spans(droppedRuns), [["BTCUSDT", 10, 15, 5]]);
  droppedRuns.sent("BTCUSDT");
  droppedRuns.dropped("BTCUSDT", 15);
  droppedRuns.dropped("BTCUSDT", 16);
  assert.deepEqual(spans(droppedRuns), [["BTCUSDT", 15, 16, 2]]);
  droppedRuns.sent("BTCUSDT");
  droppedRuns.dropped("BTCUSDT", 15);
  assert.deepEqual(spans(droppedRuns), [["BTCUSDT", 15, 16, 3]]);
});
