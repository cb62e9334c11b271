import assert from "node:assert/strict";
import { createLedger } from "./ledger.ts";

const spans = (ledger: ReturnType<typeof createLedger>) =>
  ledger.takeDropped().map((
    { symbol, startedAt, endedAt, dropped },
  ) => [symbol, startedAt, endedAt, dropped]);

Deno.test("what is dropped in a row is one gap, and a message that is sent in between ends it", () => {
  const ledger = createLedger("book", 0);
  for (const time of [10, 11, 12]) ledger.dropped("BTCUSDT", time);
  ledger.dropped("ETHUSDT", 12);
  ledger.sent("BTCUSDT");
  for (const time of [20, 21]) ledger.dropped("BTCUSDT", time);
  ledger.dropped("ETHUSDT", 22);
  assert.deepEqual(spans(ledger), [["BTCUSDT", 10, 12, 3], ["ETHUSDT", 12, 22, 2], ["BTCUSDT", 20, 21, 2]]);
  assert.deepEqual(spans(ledger), []);
});

Deno.test("gaps that begin in the same ms are one, since a row has no other key", () => {
  const ledger = createLedger("book", 0);
  ledger.dropped("BTCUSDT", 10);
  ledger.sent("BTCUSDT");
  ledger.dropped("BTCUSDT", 10);
  assert.deepEqual(spans(ledger), [["BTCUSDT", 10, 10, 2]]);
});

Deno.test("however long the buffer stays full, the gaps to be told stay few and their counts exact", () => {
  const ledger = createLedger("book", 0);
  for (let time = 0; time < 5_000; time++) {
    ledger.dropped("BTCUSDT", time);
    ledger.sent("BTCUSDT");
  }
  const gaps = ledger.takeDropped();
  assert.equal(gaps.length, 1_000);
  assert.equal(gaps.reduce((sum, { dropped }) => sum + dropped!, 0), 5_000);
});
