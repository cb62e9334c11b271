import assert from "node:assert/strict";
import fc from "fast-check";
import { kline } from "../streams/kline.ts";
import { book } from "../streams/book.ts";
import { readLines, testWithRecording } from "../../tests/recordings.ts";
import { readFrame } from "./frame.ts";

const notJson = fc.string().filter((text) => !/^\s*[[{]/.test(text));

Deno.test("garbage of any kind is data that can't be decoded, and nothing throws", () => {
  fc.assert(
    fc.property(fc.oneof(notJson, fc.constantFrom("", "{", "null", "1", '"a"', "true")), (text) => {
      assert.deepEqual(readFrame(text), { kind: "data", payload: undefined });
    }),
  );
  fc.assert(fc.property(fc.json(), (text) => {
    const frame = readFrame(text);
    assert.ok(frame.kind === "data" || /"(error|result)"/.test(text));
    assert.ok(!kline.feed!.wire.safeParse(frame.kind === "data" ? frame.payload : {}).success);
  }));
});

Deno.test("a good frame that is damaged anywhere is refused or still a good frame, and nothing throws", () => {
  const sample = kline.feed!.sample;
  fc.assert(fc.property(fc.nat(sample.length - 1), fc.string({ minLength: 0, maxLength: 3 }), (at, noise) => {
    const frame = readFrame(sample.slice(0, at) + noise + sample.slice(at + 1));
    const parsed = kline.feed!.wire.safeParse(frame.kind === "data" ? frame.payload : undefined);
    if (parsed.success) {
      assert.ok(kline.message.codec.safeEncode(kline.feed!.toMessages(parsed.data, 1)[0]).success);
    }
  }));
});

Deno.test("acknowledgements, error replies and data are told apart, enveloped or bare", () => {
  assert.deepEqual(readFrame('{"result":null,"id":1}'), { kind: "ack", id: 1 });
  assert.deepEqual(readFrame('{"result":["btcusdt@kline_1m"],"id":2}'), { kind: "ack", id: 2 });
  assert.deepEqual(readFrame('{"error":{"code":4,"msg":"Too many subscriptions"},"id":1}'), {
    kind: "error",
    message: "Too many subscriptions (code 4)",
  });
  assert.deepEqual(readFrame('{"error":"odd"}'), { kind: "error", message: '"odd"' });
  assert.deepEqual(readFrame('{"code":-1003,"msg":"Way too many requests"}'), {
    kind: "error",
    message: "Way too many requests (code -1003)",
  });
  assert.deepEqual(readFrame('{"e":"serverShutdown","E":1770123456789}'), { kind: "shutdown" });
  const data = { kind: "data", payload: { e: "kline" } };
  assert.deepEqual(readFrame('{"stream":"a@kline_1m","data":{"e":"kline"}}'), {
    ...data,
    stream: "a@kline_1m",
  });
  assert.deepEqual(readFrame('{"e":"kline"}'), data);
});

/** A frame of 2025–2026, with what is known of it. */
interface Recorded {
  readonly kind: string;
  readonly note: string;
  readonly raw: string;
}

testWithRecording(
  "usdm_frames_2026.jsonl.gz",
  "each frame of 2026 is decoded by its own stream, refused by the others, or told to be a reply",
  async () => {
    const frames = await readLines<Recorded>("usdm_frames_2026.jsonl.gz");
    const decoded: Record<string, number> = {};
    for (const { kind, note, raw } of frames) {
      const frame = readFrame(raw);
      if (kind === "control") {
        assert.notEqual(frame.kind, "data", raw);
        assert.equal(frame.kind === "error", raw.includes('"error"'), raw);
      }
      for (const stream of [kline, book]) {
        const own = kind === (stream === kline ? "kline" : "bookTicker");
        const { success } = stream.feed!.wire.safeParse(
          frame.kind === "data" ? frame.payload : undefined,
        );
        assert.equal(success, own, `${stream.message.name}, ${note}: ${raw}`);
        if (own) decoded[kind] = (decoded[kind] ?? 0) + 1;
      }
    }
    assert.deepEqual([frames.length, decoded], [58, { bookTicker: 27, kline: 9 }]);
  },
);

testWithRecording(
  "usdm_kline_bookTicker_2021-07-22.jsonl.gz",
  "each frame of 2021 is decoded by its own stream and refused by the other",
  async () => {
    const frames = await readLines<{ stream: string }>("usdm_kline_bookTicker_2021-07-22.jsonl.gz");
    const decoded = { kline: 0, book: 0 };
    for (const frame of frames) {
      const read = readFrame(JSON.stringify(frame));
      assert.equal(read.kind, "data");
      for (const stream of [kline, book]) {
        const own = frame.stream.includes("@kline") === (stream === kline);
        const { success } = stream.feed!.wire.safeParse(read.kind === "data" && read.payload);
        assert.equal(success, own, frame.stream);
        if (success) decoded[stream.message.name as keyof typeof decoded]++;
      }
    }
    assert.deepEqual(decoded, { kline: 67, book: 613 });
  },
);
