import assert from "node:assert/strict";
import { auditWords, exchangeAuditWords } from "./audit_counts.ts";

const none = {
  ...{ candles: 0, equal_trades: 0, edge: 0, differs: 0, in_gap: 0, without_trades: 0, waiting: 0 },
  ...{ judged_exchange: 0, equal_exchange: 0, repaired: 0, absent: 0 },
};

Deno.test("that no candle was compared is said, with the reasons", () => {
  assert.equal(auditWords(none), "none was compared");
  assert.equal(
    auditWords({ ...none, in_gap: 3, without_trades: 1_000, waiting: 2 }),
    "none was compared; not compared: 3 in gaps, 1,000 without older trades, 2 waiting for trades",
  );
});

Deno.test("what did not occur is left out", () => {
  assert.equal(auditWords({ ...none, candles: 20, equal_trades: 20 }), "20 equal");
  assert.equal(
    auditWords({ ...none, candles: 20, equal_trades: 17, edge: 2, differs: 1, waiting: 1 }),
    "17 equal, 2 with an edge, 1 differ; not compared: 1 waiting for trades",
  );
});

Deno.test("of the comparison with the exchange each kind that occurred is said, or that there was none yet", () => {
  assert.equal(exchangeAuditWords(none), "none was compared yet");
  assert.equal(
    exchangeAuditWords({ ...none, judged_exchange: 9, equal_exchange: 6, repaired: 2, absent: 4 }),
    "6 equal, 2 replaced by the exchange's, 1 differ, 4 that the exchange does not have",
  );
});
