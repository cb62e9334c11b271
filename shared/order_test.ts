import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { columnName } from "./columns.ts";
import { decimal, integer, jsonCodec, symbol } from "./message.ts";
import { compareDecimals, isNewer, newestOf, requireOrder, rowKey } from "./order.ts";
import type { MessageType } from "./stream.ts";
import { type Kline, kline } from "./streams/kline.ts";
import { anyDecimal, anyKline } from "../tests/arbitraries.ts";

const schema = z.object({
  ...{ symbol, size: decimal.nullable(), count: integer, isFinal: z.boolean().nullable() },
  ...{ note: z.string(), detail: z.looseObject({}) },
});
type Sample = z.infer<typeof schema>;

/** Messages whose versions are ordered by these fields. */
const typeOf = (...version: (keyof Sample)[]): MessageType<Sample> => ({
  ...{ name: "sample", topic: "sample_data", schema, codec: jsonCodec(schema) },
  ...{ key: ["symbol"], version, overflow: "merge" },
});
const sample: Sample = { symbol: "A", size: "1.50", count: 1, isFinal: true, note: "", detail: {} };

Deno.test("a version by a text or by JSON is refused, as JavaScript and PostgreSQL may order them differently", () => {
  for (const field of ["note", "detail"] as const) {
    assert.throws(
      () => requireOrder(typeOf("count", field)),
      new RegExp(`Cannot order versions of sample by ${field}: it must be a number`),
    );
  }
});

Deno.test("two rows differ though their keys are the same text once they are joined", () => {
  const type: MessageType<Sample> = { ...typeOf(), key: ["symbol", "note"] };
  const key = (symbol: string, note: string) => rowKey(type, { ...sample, symbol, note });
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.string(),
      fc.constantFrom(" ", ",", '"', '","', "\0"),
      (a, b, c, cut) => {
        assert.notEqual(key(`${a}${cut}${b}`, c), key(a, `${b}${cut}${c}`));
      },
    ),
  );
});

Deno.test("a message without a version field is never newer", () => {
  assert.equal(isNewer(typeOf(), { ...sample, count: 2 }, sample), false);
});

Deno.test("null is less than any value, and of two nulls the next field decides", () => {
  const type = typeOf("size", "isFinal", "count");
  const ascending: Partial<Sample>[] = [
    { size: null, isFinal: null, count: 1 },
    { size: null, isFinal: null, count: 2 },
    { size: null, isFinal: false, count: 0 },
    { size: null, isFinal: true, count: 0 },
    { size: `-${"9".repeat(32)}`, isFinal: null, count: 0 },
    { size: "-0.5", isFinal: null, count: 0 },
    { size: "0", isFinal: null, count: 0 },
    { size: "-0.00", isFinal: null, count: 1 },
  ];
  for (const [i, a] of ascending.entries()) {
    for (const [k, b] of ascending.entries()) {
      assert.equal(isNewer(type, { ...sample, ...a }, { ...sample, ...b }), i > k, `${i} and ${k}`);
    }
  }
});

Deno.test("decimals that differ in the last of 64 digits differ, whatever floating-point numbers say", () => {
  const long = `${"9".repeat(32)}.${"9".repeat(31)}`;
  assert.ok(compareDecimals(`${long}8`, `${long}9`) < 0);
  assert.ok(compareDecimals(`-${long}8`, `-${long}9`) > 0);
  assert.ok(compareDecimals("9007199254740993", "9007199254740992") > 0);
  assert.ok(compareDecimals("9", "10") < 0);
});

Deno.test("decimals of one value are equal, however many zeros they have", () => {
  for (const [a, b] of [["1.1", "1.10"], ["0", "-0.00"], ["001", "1.0"], ["-0.5", "-00.50"]]) {
    assert.equal(compareDecimals(a, b), 0, `${a} and ${b}`);
  }
});

Deno.test("decimals compare as the whole numbers that they are in units of the smallest place", () => {
  const placed = (value: bigint, places: number) => {
    const digits = String(value < 0n ? -value : value).padStart(places + 1, "0");
    const point = digits.length - places;
    return `${value < 0n ? "-" : ""}${digits.slice(0, point)}${places ? "." + digits.slice(point) : ""}`;
  };
  const anyValue = fc.oneof(fc.bigInt(-20n, 20n), fc.bigInt(-(10n ** 32n), 10n ** 32n));
  fc.assert(fc.property(anyValue, anyValue, fc.nat(30), fc.nat(5), (a, b, places, zeros) => {
    const sign = Math.sign(
      compareDecimals(placed(a, places) + (places ? "0".repeat(zeros) : ""), placed(b, places)),
    );
    assert.equal(sign, a < b ? -1 : a > b ? 1 : 0);
  }));
  fc.assert(fc.property(anyDecimal, anyDecimal, (a, b) => {
    assert.equal(Math.sign(compareDecimals(a, b)) + Math.sign(compareDecimals(b, a)), 0);
  }));
});

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

Deno.test("of two candles in the same state the greater revision is newer, whatever the event times say", () => {
  const anyRevision = fc.integer({ min: 0, max: 2 });
  fc.assert(fc.property(anyKline, anyKline, anyRevision, anyRevision, (candle, other, a, b) => {
    fc.pre(a !== b);
    const [one, two] = [{ ...candle, revision: a }, {
      ...candle,
      revision: b,
      eventTime: other.eventTime,
    }];
    assert.equal(isNewer(kline.message, one, two), a > b);
  }));
});

Deno.test("a newer candle without ids of trades keeps those of the older one, and an older one gives it none", () => {
  fc.assert(fc.property(anyKline, anyKline, (candle, other) => {
    const next: Kline = { ...other, firstTradeId: null };
    const newest = newestOf(kline.message, candle, next);
    if (!isNewer(kline.message, next, candle)) assert.equal(newest, candle);
    else {
      assert.deepEqual(newest, {
        ...next,
        firstTradeId: candle.firstTradeId,
        lastTradeId: next.lastTradeId ?? candle.lastTradeId,
      });
    }
  }));
});

Deno.test("of two candles in the same state and of one revision the greater event time is newer; of equals neither is", () => {
  fc.assert(fc.property(anyKline, fc.nat(100), fc.nat(100), (candle, a, b) => {
    const [one, other] = [{ ...candle, eventTime: a }, { ...candle, eventTime: b, close: "1" }];
    assert.equal(isNewer(kline.message, one, other), a > b);
  }));
});

Deno.test("messages share a row if and only if they share the fields of the key", () => {
  fc.assert(fc.property(anyKline, anyKline, (a, b) => {
    const same = a.symbol === b.symbol && a.interval === b.interval && a.openTime === b.openTime;
    assert.equal(rowKey(kline.message, a) === rowKey(kline.message, b), same);
    assert.equal(
      rowKey(kline.message, a),
      rowKey(kline.message, { ...b, ...a, close: b.close, eventTime: b.eventTime }),
    );
  }));
});
