import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outgoing } from "../../shared/kafka/mod.ts";
import { isNewer, rowKey } from "../../shared/order.ts";
import type { Stream } from "../../shared/stream.ts";
import { book } from "../../shared/streams/book.ts";
import { type Kline, kline } from "../../shared/streams/kline.ts";
import { anyBook, anyKline } from "../../tests/arbitraries.ts";
import { type Buffer, createBuffer } from "./buffer.ts";
import { rowsOf } from "./outlets.ts";

const OVERHEAD = 300;
const sizeOf = ({ value }: Outgoing) => value.length + OVERHEAD;
const sum = (entries: readonly Outgoing[]) => entries.reduce((bytes, entry) => bytes + sizeOf(entry), 0);

/** The entry that a producer makes of a message. */
function entryOf(message: { symbol: string }): Outgoing {
  return { key: message.symbol, value: JSON.stringify(message) };
}
const signal = new AbortController().signal;
/** What is no message: a buffer that does not merge never looks into its entries. */
const letter: Outgoing = { key: null, value: "?".repeat(100) };

/** A buffer with what it tells of. */
function bufferOf<M extends { symbol: string }>(stream: Stream<M>, limit: number) {
  const told = { merged: 0, dropped: [] as Outgoing[] };
  const buffer = createBuffer(limit, {
    onMerged: () => told.merged++,
    onDropped: (entry) => told.dropped.push(entry),
  }, stream.message.overflow === "merge" ? rowsOf(stream.message) : undefined);
  return { buffer, told };
}

/** Takes all that is left. */
async function drain(buffer: Buffer, most = 1_000) {
  const entries: Outgoing[] = [];
  buffer.close();
  for (let batch; (batch = await buffer.take(most, signal)).length > 0; buffer.settle()) {
    entries.push(...batch);
  }
  return entries;
}

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
        largest.set(key, Math.max(largest.get(key) ?? 0, sizeOf(entryOf(message))));
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
            if (!dropped.has(key) && (!stored || isNewer(kline.message, message, stored))) {
              rows.set(key, message);
            }
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

/** Entries of a key, numbered. */
const numbered = (key: string | null, ...numbers: number[]): Outgoing[] =>
  numbers.map((n) => ({ key, value: `${key} ${n}` }));
const valuesOf = (entries: readonly Outgoing[]) => entries.map(({ value }) => value);

Deno.test("what could not be sent is kept before what follows of its key, and other keys pass it", async () => {
  const { buffer } = bufferOf(book, 1e6);
  const [stuck, later] = [numbered("a", 1, 2), numbered("a", 3)];
  for (const entry of [...stuck, ...numbered("b", 1), ...later]) buffer.push(entry);
  const first = await buffer.take(3 * 310, signal);
  assert.deepEqual(valuesOf(first), ["a 1", "a 2", "b 1"]);
  buffer.settle(stuck);
  for (const entry of [...numbered("b", 2), ...numbered("a", 4)]) buffer.push(entry);
  assert.deepEqual(valuesOf(await buffer.take(1e6, signal)), ["b 2"]);
  buffer.settle();
  assert.deepEqual([buffer.isHolding, buffer.length], [true, 4]);
  buffer.release();
  for (const next of [["a 1", "a 2"], ["a 3", "a 4"]]) {
    assert.deepEqual(valuesOf(await buffer.take(1e6, signal)), next);
    buffer.settle();
  }
  assert.deepEqual([buffer.isHolding, buffer.length, buffer.hasRoom], [false, 0, true]);
});

Deno.test("while nothing can be sent only the first attempt is tried again: later versions of a candle are merged", async () => {
  const [first] = fc.sample(anyKline, { numRuns: 1, seed: 1 });
  const versionOf = (eventTime: number) => {
    const version: Kline = { ...first, isClosed: false, eventTime };
    return entryOf(version);
  };
  const { buffer, told } = bufferOf(kline, 5 * sizeOf(versionOf(1_000)));
  buffer.push(versionOf(1_000));
  for (let eventTime = 1_001; eventTime < 1_050; eventTime++) {
    const attempt = await buffer.take(1e6, signal);
    assert.deepEqual(attempt, [versionOf(1_000)]);
    buffer.push(versionOf(eventTime));
    buffer.settle(attempt);
    buffer.release();
  }
  assert.deepEqual(told.dropped, []);
  assert.deepEqual((await drain(buffer)).at(-1), versionOf(1_049));
});

Deno.test("one entry without a key that could not be sent holds up no other", async () => {
  const { buffer } = bufferOf(book, 1e6);
  const [bad, good] = numbered(null, 1, 2);
  buffer.push(bad);
  buffer.settle(await buffer.take(1e6, signal));
  buffer.push(good);
  assert.deepEqual(await buffer.take(1e6, signal), [good]);
  buffer.settle();
  buffer.release();
  assert.deepEqual(await buffer.take(1e6, signal), [bad]);
});

Deno.test("a buffer that is full of one key's entries drops those, and the others still pass", async () => {
  const { buffer, told } = bufferOf(book, 10 * 310);
  const [stuck] = numbered("a", 0);
  buffer.push(stuck);
  buffer.settle(await buffer.take(1e6, signal));
  for (const entry of numbered("a", ...Array(20).keys())) buffer.push(entry);
  for (const entry of numbered("b", 1, 2, 3)) buffer.push(entry);
  assert.deepEqual(valuesOf(await buffer.take(1e6, signal)), ["b 1", "b 2", "b 3"]);
  assert.ok(told.dropped.length > 0 && told.dropped.every(({ key }) => key === "a"));
});

Deno.test("whatever partitions refuse, each key's entries are sent in order, once, and none is forgotten", async () => {
  const entries = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 });
  const refusals = fc.array(fc.subarray(["a", "b", "c"]), { maxLength: 8 });
  await fc.assert(fc.asyncProperty(entries, refusals, async (keys, refusals) => {
    const { buffer } = bufferOf(book, 1e6);
    const sent: Outgoing[] = [];
    let pushed = 0;
    for (const refused of [...refusals, []]) {
      for (const key of keys) buffer.push({ key, value: String(pushed++) });
      if (keys.length === 0) continue;
      buffer.release();
      const taken = await buffer.take(2_000, signal);
      buffer.settle(taken.filter(({ key }) => refused.includes(String(key))));
      sent.push(...taken.filter(({ key }) => !refused.includes(String(key))));
    }
    buffer.release();
    sent.push(...await drain(buffer));
    assert.equal(sent.length, pushed);
    for (const some of Map.groupBy(sent, ({ key }) => key).values()) {
      const numbers = some.map(({ value }) => Number(value));
      assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
    }
  }));
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
