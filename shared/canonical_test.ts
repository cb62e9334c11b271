import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { canonicalDecoder } from "./canonical.ts";
import { decimal as decimalField, integer, jsonCodec, symbol, time as timeField } from "./message.ts";
import type { MessageType } from "./stream.ts";
import { book } from "./streams/book.ts";
import { kline } from "./streams/kline.ts";

const decode = canonicalDecoder(book.message)!;

const decimal = fc.tuple(fc.boolean(), fc.bigInt(0n, 10n ** 30n), fc.option(fc.bigInt(0n, 10n ** 12n)))
  .map(([negative, whole, fraction]) =>
    `${negative ? "-" : ""}${whole}${fraction === null ? "" : "." + fraction}`
  );
const time = fc.integer({ min: 0, max: 7_258_118_399_999 });
const message = fc.record({
  symbol: fc.constantFrom("BTCUSDT", "1INCHUSDT", "BTCUSDT_250926", "币安人生USDT"),
  updateId: fc.maxSafeInteger(),
  bidPrice: decimal,
  bidQty: decimal,
  askPrice: decimal,
  askQty: decimal,
  eventTime: time,
  transactionTime: time,
  receivedAt: time,
}, { noNullPrototype: true });

const sample = JSON.stringify(
  book.feed!.toMessages(
    book.feed!.wire.parse(JSON.parse(book.feed!.sample).data) as never,
    1_790_000_040_120,
  )[0],
);

Deno.test("text that the codec refuses, or that our producers do not write, is not canonical", () => {
  const broken = [
    sample.replace('"2510.50"', "2510.50"),
    sample.replace('"2510.50"', '"2,510.50"'),
    sample.replace("11200345678901", "011200345678901"),
    sample.replace("11200345678901", "11200345678901.0"),
    sample.replace("ETHUSDT", "ETH USDT"),
    sample.replace("{", "{ "),
    sample + " ",
    sample.slice(0, -1),
    "",
  ];
  for (const text of broken) assert.equal(decode(text), undefined, text);
});

Deno.test("canonical text decodes as the codec decodes it", () => {
  assert.ok(decode(sample));
  fc.assert(fc.property(message, (original) => {
    const text = book.message.codec.encode(original);
    const fast = decode(text);
    if (fast !== undefined) assert.deepEqual(fast, book.message.codec.decode(text));
  }));
});

Deno.test("mutated canonical text is never decoded differently from the codec", () => {
  const edit = fc.tuple(
    fc.nat(sample.length),
    fc.nat(3),
    fc.string({ maxLength: 3, unit: "grapheme-ascii" }),
  );
  let decoded = 0;
  fc.assert(
    fc.property(edit, ([at, cut, put]) => {
      const text = sample.slice(0, at) + put + sample.slice(at + cut);
      const fast = decode(text);
      if (fast === undefined) return;
      decoded++;
      assert.deepEqual(fast, book.message.codec.decode(text));
    }),
    { numRuns: 5_000 },
  );
  assert.ok(decoded > 0);
});

Deno.test("a stream with text fields besides the symbol is decoded by its codec", () => {
  assert.equal(canonicalDecoder(kline.message), undefined);
});

/** The type of messages of these fields. */
function typeOf<S extends z.ZodRawShape>(shape: S): MessageType {
  const schema = z.object({ symbol, ...shape });
  const codec = jsonCodec(schema) as unknown as MessageType["codec"];
  return {
    name: "sample",
    topic: "sample_data",
    schema,
    codec,
    key: ["symbol"],
    version: [],
    overflow: "drop",
  };
}

Deno.test("a null where none may be, a field left out and a null that is a text are left to the codec", () => {
  const type = typeOf({ size: decimalField, sizeOrNull: decimalField.nullable() });
  const refused = ['"size":null,"sizeOrNull":null', '"size":"1"', '"size":"1","sizeOrNull":"null"'];
  for (const fields of refused) {
    const text = `{"symbol":"A",${fields}}`;
    assert.equal(canonicalDecoder(type)!(text), undefined, text);
    assert.equal(type.codec.safeDecode(text).success, false, text);
  }
});

Deno.test("fields that may be null decode, with a value or without, to what the codec makes of them", () => {
  const type = typeOf({
    size: decimalField.nullable(),
    count: integer.nullable(),
    at: timeField.nullable(),
    isFinal: z.boolean().nullable(),
    last: integer,
  });
  const anyMessage = fc.record({
    symbol: fc.constant("BTCUSDT"),
    size: fc.option(decimal),
    count: fc.option(fc.integer()),
    at: fc.option(fc.integer({ min: 0, max: Date.UTC(2190, 0) })),
    isFinal: fc.option(fc.boolean()),
    last: fc.nat(),
  }, { noNullPrototype: true });
  fc.assert(fc.property(anyMessage, (message) => {
    const text = type.codec.encode(message);
    assert.deepEqual(canonicalDecoder(type)!(text), message);
    assert.deepEqual(type.codec.decode(text), message);
  }));
});

Deno.test("a stream with a JSON field is left to its codec", () => {
  const type = typeOf({ detail: z.looseObject({}) });
  const text = '{"symbol":"A","detail":{"a":[1,null]}}';
  assert.equal(canonicalDecoder(type), undefined);
  assert.deepEqual(type.codec.decode(text), { symbol: "A", detail: { a: [1, null] } });
});
