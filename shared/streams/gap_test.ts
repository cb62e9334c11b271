import assert from "node:assert/strict";
import { isNewer, rowKey } from "../order.ts";
import { type Gap, gap } from "./gap.ts";

const told: Gap = {
  ...{ stream: "kline", symbol: "BTCUSDT", startedAt: 10, endedAt: 20, reason: "restart", dropped: null },
};
const read = (changes: Partial<Gap>) => gap.message.codec.decode(JSON.stringify({ ...told, ...changes }));

Deno.test("a gap without a symbol or without an end is refused", () => {
  for (const text of ['{"stream":"kline"}', JSON.stringify({ ...told, endedAt: null })]) {
    assert.equal(gap.message.codec.safeDecode(text).success, false, text);
  }
});

Deno.test("a gap is read with the key of its row, and written as it was told", () => {
  const gapRead = read({});
  assert.deepEqual(gapRead, { ...told, feed: "BTCUSDT", cause: "coverage", firstId: 0 });
  assert.equal(gap.message.codec.encode(gapRead), JSON.stringify(told));
});

Deno.test("of two gaps of a symbol that begin at the same time the longer one is kept, whatever their reasons; other symbols' gaps are others", () => {
  const [hole, longer] = [read({}), read({ endedAt: 30, reason: "mute stream" })];
  assert.equal(rowKey(gap.message, hole), rowKey(gap.message, longer));
  assert.deepEqual([isNewer(gap.message, longer, hole), isNewer(gap.message, hole, longer)], [true, false]);
  assert.notEqual(rowKey(gap.message, hole), rowKey(gap.message, read({ symbol: "ETHUSDT" })));
});

Deno.test("a gap that has grown replaces its earlier row", () => {
  const overflow = read({ reason: "buffer overflow", dropped: 3 });
  assert.equal(isNewer(gap.message, { ...overflow, dropped: 4 }, overflow), true);
});
