import assert from "node:assert/strict";
import type { Batch } from "../shared/kafka/mod.ts";
import { percentile } from "../shared/telemetry/histogram.ts";
import { createMeter } from "./meter.ts";
import { newOutcome } from "./outcome.ts";

/** A batch of so many messages that begins at an offset. */
function batchOf(first: number, count: number, partition = 0): Batch {
  const messages = Array.from({ length: count }, (_, i) => ({
    key: null,
    value: null,
    offset: String(first + i),
  }));
  return { topic: "t", partition, messages, bytes: 0, nextOffset: String(first + count), behind: 7 };
}

Deno.test("a batch without messages, such as an aborted transaction, is not behind when it is committed", () => {
  const meter = createMeter();
  const batch = { ...batchOf(0, 0), nextOffset: "5", behind: 0 };
  meter.read(batch);
  meter.committed(newOutcome(batch));
  assert.deepEqual([meter.report().counts.behind, meter.report().counts.stored], [0, 0]);
});

Deno.test("offsets are counted once, however often they are read", () => {
  const meter = createMeter();
  const batch = batchOf(0, 5);
  const all = newOutcome(batch);
  all.results.splice(0, 5, "rejected", "expired", "stored", "rejected", "legacy");
  for (let times = 0; times < 3; times++) {
    meter.read(batch);
    meter.committed(all);
  }
  meter.committed(newOutcome(batchOf(3, 3)));
  const { counts } = meter.report();
  assert.deepEqual(counts, {
    stored: 2,
    rejected: 2,
    expired: 1,
    legacy: 1,
    lost: 0,
    behind: 6,
    partitions: 0,
  });
});

Deno.test("offsets are counted by partition, and `behind` is the sum of all partitions", () => {
  const meter = createMeter();
  for (const partition of [0, 1]) {
    const batch = batchOf(0, 1, partition);
    meter.read(batch);
    meter.committed(newOutcome(batch));
  }
  assert.equal(meter.report().counts.stored, 2);
  assert.equal(meter.report().counts.behind, 14);
});

Deno.test("messages that are read and not stored are behind, until another consumer has the partition", () => {
  const meter = createMeter();
  meter.read(batchOf(10, 2));
  meter.read(batchOf(12, 1));
  assert.equal(meter.report().counts.behind, 3 + 7);
  meter.joined([0]);
  assert.equal(meter.report().counts.behind, 0);
});

Deno.test("messages that Kafka deleted are counted once, however often a range with them comes", () => {
  const meter = createMeter();
  const lost = (partition: number, from: number, to: number) => {
    meter.lost({ partition, from, to });
    return meter.report().counts.lost;
  };
  assert.equal(lost(0, 10, 60), 50);
  assert.equal(lost(0, 10, 60), 50);
  assert.equal(lost(0, 5, 70), 65);
  assert.equal(lost(0, 100, 110), 75);
  assert.equal(lost(1, 0, 5), 80);
});

Deno.test("delays are from receipt to storing; the last price is each symbol's", () => {
  const meter = createMeter();
  const outcome = newOutcome(batchOf(0, 1));
  outcome.receivedAt.push(Date.now() - 1_000);
  outcome.prices.ETHUSDT = "2510.55";
  meter.stored(outcome);
  const { delays, prices } = meter.report();
  const p50 = percentile(delays!, 0.5)!;
  assert.ok(p50 >= 999 && p50 < 1_500, String(p50));
  assert.deepEqual(prices, { ETHUSDT: "2510.55" });
});

Deno.test("a consumer waits until it has joined its group", () => {
  const meter = createMeter();
  assert.match(meter.report().waiting!, /not been joined yet/);
  meter.joined([0]);
  assert.equal(meter.report().waiting, undefined);
});

Deno.test("a trouble that ends by itself says waiting; one that a person must end says stuck, with either server", () => {
  const meter = createMeter();
  meter.joined([0]);
  meter.trouble("database", "no database");
  assert.deepEqual([meter.report().waiting, meter.report().stuck], ["no database", undefined]);
  meter.trouble("database", "permission denied", true);
  assert.deepEqual([meter.report().waiting, meter.report().stuck], [undefined, "permission denied"]);
  meter.trouble("kafka", "no Kafka");
  assert.deepEqual([meter.report().waiting, meter.report().stuck], ["no Kafka", "permission denied"]);
  meter.trouble("database", undefined);
  assert.deepEqual([meter.report().waiting, meter.report().stuck], ["no Kafka", undefined]);
});

Deno.test("each commit is progress, also of aborted transactions and of a topic that was created again, whose offsets begin at 0", () => {
  const meter = createMeter();
  for (const batch of [batchOf(100, 5), batchOf(105, 0), batchOf(0, 5)]) {
    const before = meter.commits;
    meter.committed(newOutcome(batch));
    assert.equal(meter.commits, before + 1);
  }
});
