import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { decimal, integer, interval, jsonCodec, symbol, time } from "./message.ts";

const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`));

Deno.test("a price that is not a plain decimal string is refused", () => {
  const odd = [
    "",
    " 1",
    "1 ",
    "1\n",
    ".5",
    "5.",
    "+1",
    "--1",
    "1e5",
    "0x1",
    "1,5",
    "1_0",
    "NaN",
    "Infinity",
    "１",
  ];
  for (const text of [...odd, "1".repeat(33), `0.${"1".repeat(33)}`, 1, null, true]) {
    assert.ok(!decimal.safeParse(text).success, JSON.stringify(text));
  }
});

Deno.test("a price of up to 32 digits before and after the point stays as it was written", () => {
  fc.assert(fc.property(fc.boolean(), digits(32), fc.option(digits(32)), (negative, whole, fraction) => {
    const text = `${negative ? "-" : ""}${whole}${fraction === null ? "" : `.${fraction}`}`;
    assert.equal(decimal.parse(text), text);
  }));
});

Deno.test("ids above 2^53 are refused, as JSON has already rounded them", () => {
  for (const text of ["9007199254740992", "9007199254740993", "12345678901234567890", "1.5", '"1"', "null"]) {
    assert.ok(!integer.safeParse(JSON.parse(text)).success, text);
  }
  fc.assert(
    fc.property(fc.maxSafeInteger(), (id) => assert.equal(integer.parse(JSON.parse(String(id))), id)),
  );
});

Deno.test("times are whole milliseconds from 1970 to 2199", () => {
  for (const value of [-1, 1.5, Date.UTC(10_000, 0), "2026-01-01", NaN]) {
    assert.ok(!time.safeParse(value).success, String(value));
  }
  assert.equal(time.parse(Date.UTC(2199, 11, 31, 23, 59, 59, 999)), 7_258_118_399_999);
});

Deno.test("symbols may begin with a digit, be dated or be Unicode, and have no character that is special in a URL or SQL", () => {
  for (const name of ["1INCHUSDT", "BTCUSDT_250926", "币安人生USDT", "BTCUSD_PERP"]) {
    assert.equal(symbol.parse(name), name);
  }
  for (const name of ["", "BTC/USDT", "BTC USDT", "BTC-USDT", "a\0b", "x".repeat(41), "💰"]) {
    assert.ok(!symbol.safeParse(name).success, name);
  }
});

Deno.test("an interval that has not the form of Binance is refused", () => {
  for (const name of ["1s", "1m", "15m", "1M", "12h"]) assert.equal(interval.parse(name), name);
  for (const name of ["", "m", "1", "1y", "100m"]) assert.ok(!interval.safeParse(name).success, name);
});

Deno.test("text that is not JSON is refused without a throw", () => {
  const codec = jsonCodec(z.object({ a: integer }));
  fc.assert(fc.property(fc.string(), (text) => {
    assert.equal(codec.safeDecode(text).success, false);
  }));
  assert.deepEqual(codec.decode('{"a":1,"b":2}'), { a: 1 });
});
