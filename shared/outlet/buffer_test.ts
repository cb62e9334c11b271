import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outgoing } from "../kafka/mod.ts";
import { newestOf, rowKey } from "../order.ts";
import { book } from "../streams/book.ts";
import { type Kline, kline } from "../streams/kline.ts";
import { anyBook, anyKline } from "../../tests/arbitraries.ts";
import type { Stream } from "../stream.ts";
import { bufferOf, drain, entryOf, letter, signal, sizeOf } from "./test_buffer.ts";

/** Of the longest id as text. */
const ID_LENGTH = String(Number.MAX_SAFE_INTEGER).length;

const sum = (entries: readonly Outgoing[]) => entries.reduce((bytes, entry) => bytes + sizeOf(entry), 0);

/** What happens to a buffer: an entry comes, some are taken, or what was taken is sent. */
const events = <M extends { symbol: string }>(message: fc.Arbitrary<M>) =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: message.map((message) => ({ push: entryOf(message) })) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 3_000 }).map((most) => ({ take: most })) },
    ),
    { maxLength: 80 },
  );
const limits = fc.integer({ min: 500, max: 30_000 });

Deno.test("a full buffer of ticks drops the oldest, and what is left comes out in order", async () => {
  await fc.assert(fc.asyncProperty(fc.array(anyBook), limits, async (messages, limit) => {
    const { buffer, told } = bufferOf(book, limit);
    const entries = messages.map(entryOf);
    for (const entry of entries) buffer.push(entry);
    const left = await drain(buffer);
    assert.deepEqual([...told.dropped, ...left], entries);
    assert.ok(told.dropped.length === 0 || sum(left) + sizeOf(told.dropped.at(-1)!) > limit);
    assert.equal(told.merged, 0);
  }));
});

/** Candles of 36 kinds, several versions of each. */
const candles = fc.array(anyKline, { minLength: 60, maxLength: 120 });
const few = { numRuns: 25 };

Deno.test("a full buffer of candles drops none while one version of each fits", async () => {
  await fc.assert(
    fc.asyncProperty(candles, async (messages) => {
      const largest = new Map<string, number>();
      for (const message of messages) {
        const key = rowKey(kline.message, message);
        // A version may get the two ids of an older one.
        largest.set(key, Math.max(largest.get(key) ?? 0, sizeOf(entryOf(message)) + 2 * ID_LENGTH));
      }
      // Room for each at its largest, and for one more, which comes before anything is merged.
      const limit = [...largest.values()].reduce((all, bytes) => all + bytes, 0) +
        Math.max(0, ...largest.values());
      const { buffer, told } = bufferOf(kline, limit);
      for (const message of messages) buffer.push(entryOf(message));
      assert.deepEqual(told.dropped, []);
      const left = await drain(buffer);
      assert.equal(left.length + told.merged, messages.length);
    }),
    few,
  );
});

Deno.test("merging keeps the version of each candle that the design's order prefers", async () => {
  await fc.assert(
    fc.asyncProperty(
      candles,
      limits,
      async (messages, limit) => {
        const { buffer, told } = bufferOf(kline, limit);
        for (const message of messages) buffer.push(entryOf(message));
        const dropped = new Set(
          told.dropped.map(({ value }) => rowKey(kline.message, kline.message.codec.decode(String(value)))),
        );
        const newest = (all: Kline[]) => {
          const rows = new Map<string, Kline>();
          for (const message of all) {
            const key = rowKey(kline.message, message);
            const stored = rows.get(key);
            if (!dropped.has(key)) rows.set(key, stored ? newestOf(kline.message, stored, message) : message);
          }
          return rows;
        };
        const left = (await drain(buffer)).map(({ value }) => kline.message.codec.decode(String(value)));
        assert.deepEqual(newest(left), newest(messages));
      },
    ),
    few,
  );
});

Deno.test("it never holds more than its limit, and every entry is taken, merged or dropped, once", async () => {
  const check = async <M extends { symbol: string }>(
    stream: Stream<M>,
    happenings: ({ push: Outgoing } | { take: number })[],
    limit: number,
  ) => {
    const { buffer, told } = bufferOf(stream, limit);
    let pushed = 0;
    let sent = 0;
    let onItsWay: Outgoing[] = [];
    for (const event of happenings) {
      if ("push" in event) {
        buffer.push(event.push);
        pushed++;
      } else if (buffer.length > onItsWay.length) {
        buffer.settle();
        sent += onItsWay.length;
        onItsWay = await buffer.take(event.take, signal);
        assert.ok(onItsWay.length === 1 || sum(onItsWay) <= event.take);
      }
      assert.equal(pushed, sent + buffer.length + told.merged + told.dropped.length);
    }
    buffer.settle();
    sent += onItsWay.length;
    const left = await drain(buffer);
    assert.ok(sum(left) <= limit);
    assert.equal(pushed, sent + left.length + told.merged + told.dropped.length);
  };
  await fc.assert(fc.asyncProperty(events(anyBook), limits, (some, limit) => check(book, some, limit)));
  await fc.assert(fc.asyncProperty(events(anyKline), limits, (some, limit) => check(kline, some, limit)));
});

Deno.test("what is on its way counts until it is settled", async () => {
  const { buffer, told } = bufferOf(book, 2 * sizeOf(letter));
  buffer.push(letter);
  buffer.push(letter);
  assert.equal(buffer.hasRoom, false);
  await buffer.take(1e6, signal);
  buffer.push(letter);
  assert.equal(told.dropped.length, 1);
  buffer.settle();
  assert.equal(buffer.hasRoom, true);
  buffer.push(letter);
  assert.deepEqual([told.dropped.length, buffer.length], [1, 1]);
});

Deno.test("a take waits for an entry, and ends with none once the buffer is closed and empty", async () => {
  const { buffer } = bufferOf(book, 1_000);
  const taking = buffer.take(1e6, signal);
  buffer.push(letter);
  assert.deepEqual(await taking, [letter]);
  buffer.settle();
  const last = buffer.take(1e6, signal);
  buffer.close();
  assert.deepEqual(await last, []);
});

Deno.test("a take ends with none once it is told to stop, though entries are held back", async () => {
  const { buffer } = bufferOf(book, 1_000);
  buffer.push(letter);
  buffer.settle(await buffer.take(1e6, signal));
  buffer.close();
  const stop = new AbortController();
  const taking = buffer.take(1e6, stop.signal);
  stop.abort();
  assert.deepEqual(await taking, []);
  assert.equal(buffer.length, 1);
});
