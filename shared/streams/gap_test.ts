import assert from "node:assert/strict";
import { isNewer, rowKey } from "../order.ts";
import { type Gap, gap } from "./gap.ts";

const hole: Gap = {
  ...{ stream: "kline", symbol: "BTCUSDT", startedAt: 10, endedAt: 20, reason: "restart", dropped: null },
};

Deno.test("of two gaps of a symbol that begin at the same time, such as of two intervals, the longer one is kept", () => {
  const longer = { ...hole, endedAt: 30 };
  assert.equal(rowKey(gap.message, hole), rowKey(gap.message, longer));
  assert.deepEqual([isNewer(gap.message, longer, hole), isNewer(gap.message, hole, longer)], [true, false]);
});

Deno.test("a gap that has grown replaces its earlier row", () => {
  const told = { ...hole, reason: "buffer overflow", dropped: 3 };
  assert.equal(isNewer(gap.message, { ...told, dropped: 4 }, told), true);
});
