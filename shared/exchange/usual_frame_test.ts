import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { decimal, integer } from "../message.ts";
import { book } from "../streams/book.ts";
import { kline } from "../streams/kline.ts";
import { readLines, testWithRecording } from "../../tests/recordings.ts";
import { readFrame } from "./frame.ts";
import { usualDecoder } from "./usual_frame.ts";

const exchange = book.feed!;
const decode = usualDecoder(exchange)!;

/** What JSON.parse and the schema make of a text; undefined unless it is good data. */
function slowly(text: string) {
  const frame = readFrame(text);
  if (frame.kind !== "data") return undefined;
  const { success, data } = exchange.wire.safeParse(frame.payload);
  return success ? { stream: frame.stream, payload: data } : undefined;
}

Deno.test("a frame that the schema would refuse is not usual, nor is one of another form", () => {
  const { sample } = exchange;
  const odd = [
    sample.replace('"2510.50"', "2510.50"),
    sample.replace('"2510.50"', '"2,510.50"'),
    sample.replace('"2510.50"', '"NaN"'),
    sample.replace("11200345678901", "011200345678901"),
    sample.replace("11200345678901", "1e3"),
    sample.replace('"e":"bookTicker"', '"e":"kline"'),
    sample.replace('"ETHUSDT","ps"', '"ETH USDT","ps"'),
    sample.replace('"ps":"ETHUSDT"', '"ps":"ETH\\u0055SDT"'),
    sample.replace('"st":1', '"st":01'),
    sample.replace('"T":', '"t":'),
    sample.replace("{", "{ "),
    sample.replace('"b":"2510.50",', ""),
    sample + " ",
    sample.slice(0, -1),
    JSON.stringify(JSON.parse(sample).data),
    "",
  ];
  for (const text of odd) assert.equal(decode(text), undefined, text);
});

Deno.test("a frame of today's form is usual, with and without the fields that nobody reads", () => {
  for (
    const text of [
      exchange.sample,
      exchange.sample.replace(',"st":1', ""),
      exchange.sample.replace(',"ps":"ETHUSDT"', ""),
    ]
  ) {
    const usual = decode(text);
    assert.ok(usual, text);
    assert.deepEqual(usual, slowly(text));
  }
});

Deno.test("whatever is changed in a frame, it is never decoded in another way than the schema's", () => {
  const { sample } = exchange;
  const edit = fc.tuple(
    fc.nat(sample.length),
    fc.nat(3),
    fc.oneof(fc.string({ maxLength: 3 }), fc.stringMatching(/^[0-9.",:-]{1,3}$/)),
  );
  let decoded = 0;
  fc.assert(
    fc.property(edit, ([at, cut, put]) => {
      const text = sample.slice(0, at) + put + sample.slice(at + cut);
      const usual = decode(text);
      if (usual === undefined) return;
      decoded++;
      assert.deepEqual(usual, slowly(text));
    }),
    { numRuns: 5_000 },
  );
  assert.ok(decoded > 0);
});

Deno.test("a field that the schema calls optional may be absent, and is then absent from the payload", () => {
  const wire = z.object({ e: z.literal("x"), q: decimal, n: decimal.optional(), t: integer.optional() });
  const sample = '{"stream":"btcusdt@x","data":{"e":"x","q":"1","n":"0.50","t":1}}';
  const decode = usualDecoder({ wire, sample })!;
  const payloads = [
    '{"e":"x","q":"1","n":"0.50","t":1}',
    '{"e":"x","q":"1","n":"0.50"}',
    '{"e":"x","q":"1","t":1}',
  ];
  for (const payload of [...payloads, '{"e":"x","q":"1"}']) {
    const expected = { stream: "btcusdt@x", payload: wire.parse(JSON.parse(payload)) };
    assert.deepEqual(decode(`{"stream":"btcusdt@x","data":${payload}}`), expected);
  }
  for (
    const payload of [
      '{"e":"x","q":"1","n":null}',
      '{"e":"x","q":"1","n":"1e3"}',
      '{"e":"x","n":"0.50","t":1}',
    ]
  ) {
    assert.equal(decode(`{"stream":"btcusdt@x","data":${payload}}`), undefined, payload);
  }
});

Deno.test("a stream whose payload is nested is left to its schema", () => {
  assert.equal(usualDecoder(kline.feed!), undefined);
});

testWithRecording(
  "usdm_frames_2026.jsonl.gz",
  "the enveloped quotes that the exchange sent in 2026 are usual frames",
  async () => {
    const frames = await readLines<{ kind: string; raw: string }>("usdm_frames_2026.jsonl.gz");
    const enveloped = frames.filter(({ kind, raw }) => kind === "bookTicker" && raw.startsWith('{"stream"'));
    assert.ok(enveloped.length > 0);
    for (const { raw } of enveloped) assert.deepEqual(decode(raw), slowly(raw), raw);
  },
);
