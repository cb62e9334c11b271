import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalDecoder } from "./canonical.ts";
import { book } from "./streams/book.ts";
import { kline } from "./streams/kline.ts";

const decode = canonicalDecoder(book.message);

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

Deno.test("text that the codec would refuse is not canonical, nor is text that is not ours", () => {
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

Deno.test("canonical text decodes to what the codec makes of it", () => {
  assert.ok(decode(sample));
  fc.assert(fc.property(message, (original) => {
    const text = book.message.codec.encode(original);
    const fast = decode(text);
    if (fast !== undefined) assert.deepEqual(fast, book.message.codec.decode(text));
  }));
});

Deno.test("what a mutation makes of canonical text is never decoded in another way than the codec's", () => {
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

Deno.test("a stream with texts beside the symbol is left to its codec", () => {
  assert.equal(canonicalDecoder(kline.message)('{"symbol":"BTCUSDT","interval":"1m"}'), undefined);
});
