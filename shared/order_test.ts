import assert from "node:assert/strict";
import fc from "fast-check";
import { columnName } from "./columns.ts";
import { isNewer, rowKey } from "./order.ts";
import { type Kline, kline } from "./streams/kline.ts";
import { anyKline } from "../tests/arbitraries.ts";

Deno.test("a field's column is its name in snake_case", () => {
  assert.equal(columnName("symbol"), "symbol");
  assert.equal(columnName("takerBuyBaseVolume"), "taker_buy_base_volume");
});

Deno.test("a closed candle is newer than an open one, whatever the event times say", () => {
  fc.assert(fc.property(anyKline, fc.nat(), fc.nat(), (candle, a, b) => {
    const open: Kline = { ...candle, isClosed: false, eventTime: a };
    const closed: Kline = { ...candle, isClosed: true, eventTime: b };
    assert.equal(isNewer(kline.message, closed, open), true);
    assert.equal(isNewer(kline.message, open, closed), false);
  }));
});

Deno.test("else the greater event time is newer, and of equals neither is", () => {
  fc.assert(fc.property(anyKline, fc.nat(100), fc.nat(100), (candle, a, b) => {
    const [one, other] = [{ ...candle, eventTime: a }, { ...candle, eventTime: b, close: "1" }];
    assert.equal(isNewer(kline.message, one, other), a > b);
  }));
});

Deno.test("messages share a row exactly when they share the key's fields", () => {
  fc.assert(fc.property(anyKline, anyKline, (a, b) => {
    const same = a.symbol === b.symbol && a.interval === b.interval && a.openTime === b.openTime;
    assert.equal(rowKey(kline.message, a) === rowKey(kline.message, b), same);
    assert.equal(
      rowKey(kline.message, a),
      rowKey(kline.message, { ...b, ...a, close: b.close, eventTime: b.eventTime }),
    );
  }));
});
