import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type Doubts, readSet } from "./record_set.ts";
import { packers, signed, storedBatch, withRecords } from "./test_batches.ts";
import { batch, damages, messagesOf, offsetsOf, packer, plain, range, readAll, values } from "./test_sets.ts";

/** Three batches of three messages each, the second one made by `poison`. */
async function besidePoison(poison: (good: Buffer) => Buffer) {
  const [one, two, three] = [0, 3, 6].map((offset) => storedBatch(values("a", "b", "c"), { offset }));
  const poisoned = poison(Buffer.from(two));
  return { poisoned, read: await readAll(Buffer.concat([one, poisoned, three]), 0, [], 9) };
}

const changed = (at: number, byte: number, sign = false) => (good: Buffer) => {
  good[at] = byte;
  return sign ? signed(good) : good;
};
const records = (good: Buffer) => good.subarray(61);
const poisons: Record<string, [RegExp, (good: Buffer) => Buffer]> = {
  "a flipped bit in a value": [/checksum is wrong/, (good) => changed(good.length - 3, 1)(good)],
  "a flipped bit in its number of records": [/checksum is wrong/, changed(60, 7)],
  "a flipped bit in its last offset": [/checksum is wrong/, changed(26, 200)],
  "an unknown codec": [/unknown codec, 6/, changed(22, 6, true)],
  "bytes that are not what the codec says": [/a record batch can't be read/, changed(22, 4, true)],
  "an old format": [/format 1/, changed(16, 1)],
  "a last record that is a byte short": [
    /ends after 2 of its 3 records/,
    (good) => withRecords(good, records(good).subarray(0, -1)),
  ],
  "a byte too many": [
    /1 bytes follow its last record/,
    (good) => withRecords(good, Buffer.concat([records(good), Buffer.alloc(1)])),
  ],
  "a record whose length is negative": [/takes -1 bytes/, changed(61, 1, true)],
  "a value that runs over its record": [/field runs over/, changed(67, 126, true)],
  "a record of another batch's offset": [/offset can't be right/, changed(64, 20, true)],
};

for (const [name, [cause, poison]] of Object.entries(poisons)) {
  Deno.test(`a batch with ${name} comes as its bytes, once, between its neighbours`, async () => {
    const { read, poisoned } = await besidePoison(poison);
    assert.deepEqual(offsetsOf(read), [0, 1, 2, 3, 6, 7, 8]);
    const letter = messagesOf(read)[3];
    assert.match(letter.damage!.cause, cause);
    assert.deepEqual([...letter.value!], [...poisoned]);
    assert.equal(read.at(-1)!.nextOffset, 9);
  });
}

Deno.test("a batch is fetched once more before it is given up: it may have been damaged on its way", async () => {
  const good = storedBatch(values("a", "b"), { offset: 0 });
  const bad = changed(good.length - 3, 1)(Buffer.from(good));
  const doubts: Doubts = {};
  const fetch = async (bytes: Buffer) => {
    return await Array.fromAsync(readSet({ bytes, aborted: [], end: 2 }, 0, doubts));
  };
  assert.deepEqual(await fetch(bad), []);
  const again = await fetch(good);
  assert.deepEqual([offsetsOf(again), damages(again)], [[0, 1], []]);
});

Deno.test("a batch that can't be read comes again, whole, whenever the group begins before it once more", async () => {
  const first = storedBatch(values("a", "b"), { offset: 0 });
  const bad = changed(first.length - 3, 1)(storedBatch(values("c", "d"), { offset: 2 }));
  const lost = storedBatch(values("c", "d"), { offset: 2 });
  lost.writeInt32BE(-2, 23); // its header says that it ends before it begins: the broker passes over it
  const last = storedBatch(values("e"), { offset: 4 });
  const all = Buffer.concat([first, bad, last]);
  const doubts: Doubts = {};
  const fetch = async (bytes: Buffer, from: number, own = doubts) => {
    const portions = await Array.fromAsync(readSet({ bytes, aborted: [], end: 5 }, from, own));
    return [...offsetsOf(portions), damages(portions).length];
  };
  assert.deepEqual(await fetch(all, 0), [0, 1, 0]);
  assert.deepEqual(await fetch(Buffer.concat([bad, last]), 2), [2, 1]);
  // The letter was not written, and nothing is committed.
  assert.deepEqual(await fetch(all, 0), [0, 1, 2, 1]);
  assert.deepEqual(await fetch(Buffer.concat([bad, last]), 2), [2, 1]);

  const others: Doubts = {};
  assert.deepEqual(await fetch(Buffer.concat([first, lost]), 0, others), [0, 1, 0]);
  assert.deepEqual(await fetch(Buffer.concat([first, last]), 0, others), [0, 1, 2, 4, 1]);
});

Deno.test("an offset that was damaged on its way moves nothing on; a gap that is there at the second look is one", async () => {
  const first = storedBatch(values("a", "b"), { offset: 0 });
  const second = storedBatch(values("c"), { offset: 2 });
  const damaged = Buffer.from(second);
  damaged.writeBigInt64BE(66n, 0);
  const doubts: Doubts = {};
  const fetch = async (bytes: Buffer, from: number) => {
    const portions = await Array.fromAsync(readSet({ bytes, aborted: [], end: 100 }, from, doubts));
    return portions.map((one) => [offsetsOf([one]), one.nextOffset]);
  };
  assert.deepEqual(await fetch(Buffer.concat([first, damaged]), 0), [[[0, 1], 2]]);
  assert.deepEqual(await fetch(second, 2), [[[2], 3]]);
  const afterGap = storedBatch(values("d"), { offset: 90 });
  assert.deepEqual(await fetch(afterGap, 3), []);
  assert.deepEqual(await fetch(afterGap, 3), [[[90], 91]]);
});

Deno.test("whatever is cut, flipped or lied about, reading ends, hands out nothing that was altered, and passes over nothing good", async () => {
  const damage = fc.oneof(
    fc.record({ kind: fc.constant("cut" as const), at: fc.nat() }),
    fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), bit: fc.nat(7) }),
    fc.record({ kind: fc.constant("word" as const), at: fc.nat(), word: fc.integer() }),
  );
  await fc.assert(
    fc.asyncProperty(batch, batch, batch, packer, damage, async (one, two, three, packer, damage) => {
      const [second, third, end] = [
        one.length,
        one.length + two.length,
        one.length + two.length + three.length,
      ];
      const parts = [
        storedBatch(one, { offset: 0, packer }),
        storedBatch(two, { offset: second, packer }),
        storedBatch(three, { offset: third, packer }),
      ];
      const bytes = Buffer.concat(parts);
      // Of the second batch only; what the broker itself reads, offset and length, it would refuse to send.
      const [start, room] = [parts[0].length + 12, parts[1].length - 12];
      const at = start + damage.at % room;
      const before = Buffer.from(bytes);
      if (damage.kind === "flip") bytes[at] ^= 1 << damage.bit;
      if (damage.kind === "word") bytes.writeInt32BE(damage.word, Math.min(at, start + room - 4));
      const set = damage.kind === "cut" ? bytes.subarray(0, at) : bytes;
      const isWhole = before.equals(bytes);
      const read = await readAll(set, 0, [], end);
      const good = messagesOf(read).filter((message) => !message.damage);
      const sent = [...one, ...two, ...three];
      for (const message of good) {
        const { key, value, headers = {} } = sent[Number(message.offset)];
        assert.deepEqual(plain(message), { key: key && [...key], value: [...value], headers });
      }
      const offsets = new Set(good.map(({ offset }) => Number(offset)));
      assert.equal(offsets.size, good.length);
      // What was not damaged is there, and of what was all or nothing: the leader's epoch is not covered.
      for (const offset of range(0, second)) assert.ok(offsets.has(offset));
      if (damage.kind === "cut") return;
      for (const offset of range(third, end)) assert.ok(offsets.has(offset), `${offset} is passed over`);
      const own = range(second, third).filter((offset) => offsets.has(offset));
      if (isWhole) assert.equal(own.length, two.length);
      assert.ok(own.length === two.length || own.length === 0 && damages(read).length === 1);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("records whose lengths lie under a right checksum are never read past their batch", async () => {
  await fc.assert(
    fc.asyncProperty(batch, fc.nat(), fc.nat(255), packer, async (messages, where, byte, packer) => {
      const plain = storedBatch(messages, { offset: 0 });
      const inner = Buffer.from(plain.subarray(61));
      inner[where % inner.length] = byte;
      const bytes = withRecords(plain, packer.pack(inner));
      bytes[22] = packer.codec;
      const read = await readAll(signed(bytes), 0, [], messages.length);
      assert.equal(read.at(-1)!.nextOffset, messages.length);
      assert.ok(messagesOf(read).length === messages.length || damages(read).length === 1);
    }),
    { numRuns: 500 },
  );
});

Deno.test("while a batch that unpacks to very much is looked through, timers run", async () => {
  const messages = Array.from({ length: 400 }, () => ({ key: "k", value: "x".repeat(500_000) }));
  const bytes = storedBatch(messages, { packer: packers.zstd });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  for await (const _ of readSet({ bytes, aborted: [], end: 400 }, 0, {})) break;
  clearInterval(timer);
  assert.ok(ticks > 10, `${ticks}`);
});

for (const [name, packer] of Object.entries(packers)) {
  Deno.test(`a batch of ${name} that unpacks to much comes portion by portion, none of them large`, async () => {
    const value = "x".repeat(500_000);
    const messages = Array.from({ length: 30 }, (_, i) => ({ key: "k", value: value + i }));
    const read = await readAll(storedBatch(messages, { offset: 5, packer }), 7, [], 35);
    assert.deepEqual(offsetsOf(read), range(7, 35));
    assert.ok(
      read.length > 5 && read.every(({ bytes }) => bytes < 3e6),
      String(read.map(({ bytes }) => bytes)),
    );
    for (const { offset, value } of messagesOf(read)) {
      assert.equal(value!.length, 500_000 + String(Number(offset) - 5).length);
    }
  });

  Deno.test(`a batch of ${name} whose damage is far behind its beginning hands nothing out`, async () => {
    const messages = Array.from({ length: 15 }, () => ({ key: "k", value: "x".repeat(500_000) }));
    const plain = storedBatch(messages);
    const bytes = withRecords(plain, packer.pack(plain.subarray(61, -1)));
    bytes[22] = packer.codec;
    const read = await readAll(signed(bytes), 0, [], 15);
    assert.deepEqual([offsetsOf(read), damages(read).length, read.at(-1)!.nextOffset], [[0], 1, 15]);
  });

  Deno.test(`one record of ${name} that is too large to be held is a batch that can't be read`, async () => {
    const bytes = storedBatch([{ key: null, value: new Uint8Array(10e6) }], { packer });
    const read = await readAll(bytes, 0, [], 1);
    assert.match(damages(read)[0].cause, /a record says that it takes 1\d+ bytes/);
  });
}
