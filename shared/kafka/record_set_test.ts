import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Incoming } from "./incoming.ts";
import type { Portion } from "./portion.ts";
import { type Doubts, readSet } from "./record_set.ts";
import { marker, packers, signed, storedBatch, withRecords } from "./test_batches.ts";

type Aborted = Parameters<typeof readSet>[0]["aborted"];

/** What a partition with these bytes gives, fetched from `from` on until nothing comes any more. */
async function readAll(bytes: Buffer, from = 0, aborted: Aborted = [], end = 2 ** 53): Promise<Portion[]> {
  const doubts: Doubts = {};
  const portions: Portion[] = [];
  let next = from;
  // Each fetch begins with the batch that holds the next offset, as the broker does it.
  for (let fetches = 0, idle = 0; idle < 2; fetches++) {
    assert.ok(fetches < 1_000, "it does not end");
    const before = next;
    const fetched = next >= end ? Buffer.alloc(0) : fetchedAt(bytes, next);
    for await (const portion of readSet({ bytes: fetched, aborted, end }, next, doubts)) {
      portions.push(portion);
      assert.ok(portion.nextOffset > next, "it does not move on");
      next = portion.nextOffset;
    }
    idle = next === before ? idle + 1 : 0;
  }
  return portions;
}

/** The bytes from the batch on that holds an offset, by what the headers say. */
function fetchedAt(bytes: Buffer, offset: number): Buffer {
  let at = 0;
  while (at + 61 <= bytes.length) {
    const last = Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23);
    const length = 12 + bytes.readInt32BE(at + 8);
    if (last >= offset || length < 61) break;
    at += length;
  }
  return bytes.subarray(at);
}

const messagesOf = (portions: readonly Portion[]) => portions.flatMap(({ messages }) => messages);
const offsetsOf = (portions: readonly Portion[]) => messagesOf(portions).map(({ offset }) => Number(offset));
const plain = ({ key, value, headers = {} }: Incoming) => ({
  key: key && [...key],
  value: value && [...value],
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
});

const values = (...all: string[]) => all.map((value) => ({ key: "k", value }));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const damages = (portions: readonly Portion[]) => messagesOf(portions).flatMap(({ damage }) => damage ?? []);

const field = fc.uint8Array({ maxLength: 300 });
const headers = fc.dictionary(fc.stringMatching(/^x-[a-z]{1,20}$/), fc.string(), { noNullPrototype: true });
const message = fc.record({
  key: fc.option(field),
  value: field,
  headers: fc.option(headers, { nil: undefined }),
});
const batch = fc.array(message, { minLength: 1, maxLength: 20 });
const packer = fc.constantFrom(...Object.values(packers));

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
    const portions: Portion[] = [];
    for await (const one of readSet({ bytes, aborted: [], end: 2 }, 0, doubts)) portions.push(one);
    return portions;
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
    const portions: Portion[] = [];
    for await (const one of readSet({ bytes, aborted: [], end: 5 }, from, own)) portions.push(one);
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
    const portions: Portion[] = [];
    for await (const one of readSet({ bytes, aborted: [], end: 100 }, from, doubts)) portions.push(one);
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
