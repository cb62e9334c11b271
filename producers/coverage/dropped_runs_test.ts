import assert from "node:assert/strict";
import { createSpells } from "./dropped_runs.ts";

const spans = (spells: ReturnType<typeof createSpells>) =>
  spells.take().map((
    { symbol, startedAt, endedAt, dropped },
  ) => [symbol, startedAt, endedAt, dropped]);

Deno.test("what is dropped in a row is one gap, and a message that is sent in between ends it", () => {
  const spells = createSpells("book");
  for (const time of [10, 11, 12]) spells.dropped("BTCUSDT", time);
  spells.dropped("ETHUSDT", 12);
  spells.sent("BTCUSDT");
  for (const time of [20, 21]) spells.dropped("BTCUSDT", time);
  spells.dropped("ETHUSDT", 22);
  assert.deepEqual(spans(spells), [["BTCUSDT", 10, 12, 3], ["ETHUSDT", 12, 22, 2], ["BTCUSDT", 20, 21, 2]]);
  assert.deepEqual(spans(spells), []);
});

Deno.test("gaps that begin in the same ms are one, since a row has no other key", () => {
  const spells = createSpells("book");
  spells.dropped("BTCUSDT", 10);
  spells.sent("BTCUSDT");
  spells.dropped("BTCUSDT", 10);
  assert.deepEqual(spans(spells), [["BTCUSDT", 10, 10, 2]]);
});

Deno.test("however long the buffer stays full, the gaps to be told stay few and their counts exact", () => {
  const spells = createSpells("book");
  for (let time = 0; time < 5_000; time++) {
    spells.dropped("BTCUSDT", time);
    spells.sent("BTCUSDT");
  }
  const gaps = spells.take();
  assert.equal(gaps.length, 1_000);
  assert.equal(gaps.reduce((sum, { dropped }) => sum + dropped!, 0), 5_000);
});

Deno.test("a gap that grows after it was told is told again as the same row, with all that it counts", () => {
  const spells = createSpells("book");
  for (const time of [10, 11]) spells.dropped("BTCUSDT", time);
  assert.deepEqual(spans(spells), [["BTCUSDT", 10, 11, 2]]);
  for (const time of [11, 9, 15]) spells.dropped("BTCUSDT", time);
  assert.deepEqual(spans(spells), [["BTCUSDT", 10, 15, 5]]);
  spells.sent("BTCUSDT");
  spells.dropped("BTCUSDT", 15);
  spells.dropped("BTCUSDT", 16);
  assert.deepEqual(spans(spells), [["BTCUSDT", 15, 16, 2]]);
  spells.sent("BTCUSDT");
  spells.dropped("BTCUSDT", 15);
  assert.deepEqual(spans(spells), [["BTCUSDT", 15, 16, 3]]);
});
