import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outgoing } from "../kafka/mod.ts";
import { book } from "../streams/book.ts";
import { type Kline, kline } from "../streams/kline.ts";
import { anyKline } from "../../tests/arbitraries.ts";
import { bufferOf, drain, entryOf, signal, sizeOf } from "./test_buffer.ts";

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
