import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type Portion, release } from "./portion.ts";
import { readSet } from "./record_set.ts";
import { marker, packers, storedBatch } from "./test_batches.ts";
import { batch, messagesOf, offsetsOf, packer, plain, range, readAll, values } from "./test_sets.ts";

Deno.test("records read back as they were written, batches of all codecs mixed, with offsets beyond 2^32", async () => {
  const batches = fc.array(fc.tuple(batch, packer), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(batches, fc.maxSafeNat().map((n) => Math.floor(n / 2)), async (packed, first) => {
      let offset = first;
      const set = Buffer.concat(packed.map(([messages, packer]) => {
        const bytes = storedBatch(messages, { offset, packer });
        offset += messages.length;
        return bytes;
      }));
      const read = await readAll(set, first);
      assert.deepEqual(offsetsOf(read), range(first, offset));
      assert.equal(read.at(-1)!.nextOffset, offset);
      const written = packed.flatMap(([messages]) => messages);
      assert.deepEqual(
        messagesOf(read).map(plain),
        written.map(({ key, value, headers = {} }) => ({ key: key && [...key], value: [...value], headers })),
      );
    }),
  );
});

Deno.test("what comes before the offset that was asked for is left out, and so is a batch that is cut off at the end", async () => {
  const whole = storedBatch(values("1", "2", "3"), { offset: 7 });
  assert.deepEqual(offsetsOf(await readAll(whole, 9)), [9]);
  const next = storedBatch(values("4", "5"), { offset: 10 });
  for (let cut = 0; cut < next.length; cut++) {
    const portions: Portion[] = [];
    const bytes = Buffer.concat([whole, next.subarray(0, cut)]);
    for await (const one of readSet({ bytes, aborted: [], end: 12 }, 7, {})) portions.push(one);
    assert.deepEqual([offsetsOf(portions), portions.at(-1)!.nextOffset], [[7, 8, 9], 10]);
  }
});

Deno.test("of transactions what was aborted is left out, however they interleave and in whatever order the broker lists them", async () => {
  const producers = 4;
  const step = fc.record({
    producer: fc.nat(producers - 1),
    size: fc.integer({ min: 0, max: 3 }),
    aborts: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(60), packer, async (steps, from, packer) => {
      const open = new Map<number, { first: number; offsets: number[] }>();
      const aborted: { producerId: bigint; firstOffset: number; end: number }[] = [];
      const kept: number[] = [];
      const parts: Buffer[] = [];
      let offset = 0;
      const endOf = (producer: number, aborts: boolean) => {
        const own = open.get(producer);
        parts.push(marker(aborts ? "abort" : "commit", offset++, BigInt(producer)));
        open.delete(producer);
        if (!own) return;
        if (aborts) aborted.push({ producerId: BigInt(producer), firstOffset: own.first, end: offset });
        else kept.push(...own.offsets);
      };
      for (const { producer, size, aborts } of steps) {
        if (size === 0) {
          endOf(producer, aborts);
          continue;
        }
        const messages = values(...range(0, size).map(String));
        const isPlain = producer === producers - 1;
        parts.push(
          storedBatch(messages, { offset, packer, ...isPlain ? {} : { producer: BigInt(producer) } }),
        );
        const offsets = range(offset, offset + size);
        if (isPlain) kept.push(...offsets);
        else {
          const own = open.get(producer);
          if (own) own.offsets.push(...offsets);
          else open.set(producer, { first: offset, offsets });
        }
        offset += size;
      }
      for (const producer of open.keys()) endOf(producer, false);
      // The broker lists those that overlap what is fetched; in no order.
      const listed = aborted.filter(({ end }) => end > from).reverse();
      const read = await readAll(Buffer.concat(parts), from, listed);
      assert.deepEqual(offsetsOf(read), kept.filter((one) => one >= from).sort((a, b) => a - b));
      if (offset > from) assert.equal(read.at(-1)!.nextOffset, offset);
    }),
  );
});

for (const [name, packer] of Object.entries(packers)) {
  Deno.test(`a portion of ${name} that is released gives its memory back, and takes nothing of what follows`, async () => {
    // Two batches that are unpacked at once, and one that is unpacked part by part.
    const sizes = [3, 3, 20];
    const all = sizes.flatMap((count) =>
      Array.from({ length: count }, (_, n) => `${n}`.padEnd(400_000, "x"))
    );
    let offset = 0;
    const batches = sizes.map((count) => {
      const messages = all.slice(offset, offset + count).map((value) => ({ key: "k", value }));
      offset += count;
      return storedBatch(messages, { offset: offset - count, packer });
    });
    const bytes = Buffer.concat(batches);
    const read: string[] = [];
    for await (const { messages, unpacked } of readSet({ bytes, aborted: [], end: offset }, 0, {})) {
      for (const { value } of messages) read.push(String(value));
      release(unpacked);
      assert.ok(unpacked.every(({ buffer }) => buffer.byteLength === 0));
    }
    assert.ok(read.every((value, n) => value === all[n]));
    assert.equal(read.length, all.length);
    assert.deepEqual(bytes, Buffer.concat(batches));
  });
}
