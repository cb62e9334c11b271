import assert from "node:assert/strict";
import fc from "fast-check";
import type { Batch } from "../shared/kafka/mod.ts";
import { createLosses, type Losses, noteTime, splitAtBreaks } from "./losses.ts";
import { decoder, memorySink, PARTITION, retry } from "../tests/losses.ts";

interface Sent {
  readonly symbol: string;
  readonly eventTime: number;
}

const symbols = ["A", "B", "C"];

/** A log and the only consumer of it, which keeps what it stores, commits and counts as lost. */
function world() {
  const { sink, losses: told } = memorySink();
  let clock = 0;
  const sent: Sent[] = [];
  const rows = new Set<Sent>();
  let log: (Sent | undefined)[] = [];
  let low = 0;
  /** The offset that is committed, and the message before it. */
  let committed: { offset: number; last: Sent | undefined } | undefined = { offset: 0, last: undefined };
  let position = 0;
  let isJoined = false;
  let losses: Losses;
  const start = () => {
    losses = createLosses(sink, decoder, retry);
    isJoined = false;
  };
  start();

  const batchOf = (count: number): Batch | undefined => {
    const isFirst = !isJoined;
    if (isFirst) {
      losses.joined();
      position = committed?.offset ?? low;
      isJoined = true;
    }
    const isDeleted = position < low;
    if (isDeleted) position = low;
    const some = log.slice(position, position + count) as Sent[];
    if (some.length === 0) {
      // Nothing comes, so that the break is told with what comes next.
      isJoined = false;
      return undefined;
    }
    const messages = some.map((one, place) => ({
      key: new TextEncoder().encode(one.symbol),
      value: new TextEncoder().encode(JSON.stringify(one)),
      offset: String(position + place),
    }));
    const batch = {
      topic: "t",
      partition: PARTITION,
      messages,
      bytes: 0,
      nextOffset: String(position + some.length),
      behind: 0,
    };
    if (isDeleted) return { ...batch, afterBreak: "deleted by retention" };
    return isFirst && !committed ? { ...batch, afterBreak: "no offset was committed" } : batch;
  };
  return {
    told,
    rows,
    sent,
    send(count: number, symbol: string) {
      for (let n = 0; n < count; n++) {
        const message = { symbol, eventTime: ++clock };
        sent.push(message);
        log.push(message);
      }
    },
    /** Reads and stores messages; then commits them, or is killed before. */
    async read(count: number, isKilled: boolean) {
      const batch = batchOf(count);
      if (!batch) return;
      await losses.beforeStore([batch]);
      const own = log.slice(position, Number(batch.nextOffset)) as Sent[];
      const times: Record<string, number> = {};
      for (const one of own) {
        rows.add(one);
        noteTime(times, { ...one });
      }
      const outcome = { partition: PARTITION, times };
      losses.stored(outcome);
      if (isKilled) return start();
      position = Number(batch.nextOffset);
      committed = { offset: position, last: own.at(-1) };
      losses.committed(outcome);
      await losses.tell();
    },
    /** Retention deletes all before an offset. */
    expire(count: number) {
      low = Math.min(log.length, low + count);
      for (let offset = 0; offset < low; offset++) log[offset] = undefined;
    },
    /** The log loses its last messages, or all; the consumer notices it where it has lost what it had read last. */
    async truncate(count: number) {
      if (!committed?.last) return;
      const length = Math.max(low, log.length - count);
      if (length >= committed.offset) return; // nobody can notice it by what was read
      log.length = length;
      const before = isJoined ? losses.storedTo(PARTITION) : undefined;
      await losses.otherLog([{
        topic: "t",
        partition: PARTITION,
        offset: String(low),
        ...(before ? { before } : {}),
      }]);
      committed = { offset: low, last: undefined };
      isJoined = false;
    },
    /** The topic is deleted and made anew, and Kafka forgets what was committed. */
    remake() {
      log = [];
      low = 0;
      committed = undefined;
      isJoined = false;
    },
  };
}

const count = fc.integer({ min: 1, max: 5 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant("send" as const), count, fc.constantFrom(...symbols)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant("read" as const), count, fc.constant(false)) },
  fc.tuple(fc.constant("read" as const), count, fc.constant(true)),
  fc.tuple(fc.constant("expire" as const), count),
  fc.tuple(fc.constant("truncate" as const), count),
  fc.tuple(fc.constant("remake" as const)),
);

Deno.test("whatever Kafka loses of a symbol that was stored before lies in a loss, and nothing that was stored and committed does", async () => {
  let losses = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const one = world();
      for (const symbol of symbols) one.send(1, symbol);
      await one.read(symbols.length, false);
      let isKilled = false;
      for (const [name, ...args] of steps) {
        isKilled ||= name === "read" && args[1] === true;
        await (one[name] as (...args: unknown[]) => unknown)(...args);
      }
      for (const symbol of symbols) one.send(1, symbol);
      await one.read(1_000, false);
      await one.read(1_000, false);
      const lossOf = ({ symbol, eventTime }: Sent) =>
        one.told.find((loss) => loss.symbol === symbol && loss.from < eventTime && eventTime < loss.to);
      for (const message of one.sent) {
        if (!one.rows.has(message)) assert.ok(lossOf(message), `${JSON.stringify(message)} is untold`);
        // What was stored and not committed when the consumer was killed may be taken for missing.
        else if (!isKilled) assert.ok(!lossOf(message), `${JSON.stringify(message)} is stored`);
      }
      assert.ok(one.told.every(({ to }) => to < Infinity), "a loss does not end though its symbol went on");
      losses += one.told.length;
    }),
    { numRuns: 500 },
  );
  assert.ok(losses > 100);
});

Deno.test("a batch before which messages may be missing is the first of its part", () => {
  const batch = { topic: "t", partition: 0, messages: [], bytes: 0, nextOffset: "1", behind: 0 };
  const broken = { ...batch, afterBreak: "deleted by retention" as const };
  assert.deepEqual(splitAtBreaks([batch, batch, broken, batch, broken]), [[batch, batch], [broken, batch], [
    broken,
  ]]);
  assert.deepEqual(splitAtBreaks([broken]), [[broken]]);
});

Deno.test("a trade that was fetched says nothing of what was read: REST gives the trade's time only", () => {
  const times = {};
  noteTime(times, { symbol: "A", tradeTime: 1, eventTime: 3 });
  noteTime(times, { symbol: "A", tradeTime: 9, eventTime: 9 });
  assert.deepEqual(times, { A: 3 });
});

Deno.test("a candle that was fetched says nothing of what was read: its time is when it was fetched", () => {
  const times = {};
  noteTime(times, { symbol: "A", eventTime: 1, revision: 0 });
  noteTime(times, { symbol: "A", eventTime: 9, revision: 2 });
  assert.deepEqual(times, { A: 1 });
});
