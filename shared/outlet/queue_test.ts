import assert from "node:assert/strict";
import fc from "fast-check";
import type { Outgoing } from "../kafka/mod.ts";
import { bufferOf, entryOf, signal } from "./test_buffer.ts";
import { anyKline } from "../../tests/arbitraries.ts";
import { book } from "../streams/book.ts";
import { kline } from "../streams/kline.ts";
import { rowKey } from "../order.ts";

/** What happens to a buffer: entries come, some are taken, and those of some keys are refused. */
const deeds = <T>(entry: fc.Arbitrary<T>, keys: string[]) =>
  fc.array(
    fc.record({ entries: fc.array(entry, { maxLength: 12 }), refused: fc.subarray(keys) }),
    { maxLength: 12 },
  );

Deno.test("whatever is refused or dropped, all before the settled number is sent or dropped, and what has it is not", async () => {
  const keys = ["a", "b", "c"];
  const limits = fc.integer({ min: 1_500, max: 20_000 });
  await fc.assert(fc.asyncProperty(deeds(fc.constantFrom(...keys), keys), limits, async (all, limit) => {
    const { buffer, told } = bufferOf(book, limit);
    const entries: Outgoing[] = [];
    const done = new Set<Outgoing>();
    const check = () => {
      for (const entry of told.dropped) done.add(entry);
      const waiting = entries.findIndex((entry) => !done.has(entry));
      assert.deepEqual([buffer.pushed, buffer.settled], [
        entries.length,
        waiting < 0 ? entries.length : waiting,
      ]);
    };
    for (const { entries: some, refused } of all) {
      for (const key of some) {
        const entry = { key, value: String(entries.length) };
        entries.push(entry);
        buffer.push(entry);
        check();
      }
      buffer.release();
      if (buffer.length === 0) continue;
      const taken = await buffer.take(1_000, signal);
      check();
      const unsent = taken.filter(({ key }) => refused.includes(String(key)));
      for (const entry of taken) if (!unsent.includes(entry)) done.add(entry);
      buffer.settle(unsent);
      check();
    }
    told.droppedNumbers.forEach((number, n) => assert.equal(entries[number], told.dropped[n]));
  }));
});

Deno.test("a candle that a newer version of it replaced has the older one's number", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyKline, { minLength: 20, maxLength: 60 }), async (messages) => {
      const { buffer, told } = bufferOf(kline, 3_000);
      for (const message of messages) buffer.push(entryOf(message));
      const dropped = new Set(told.droppedNumbers);
      const [oldest] = await buffer.take(1, signal);
      const key = rowKey(kline.message, kline.message.codec.decode(String(oldest.value)));
      assert.equal(rowKey(kline.message, messages[buffer.settled]), key);
      assert.ok(!dropped.has(buffer.settled));
      buffer.settle();
      assert.equal(buffer.pushed, messages.length);
    }),
    { numRuns: 50 },
  );
});
