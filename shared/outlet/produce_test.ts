import assert from "node:assert/strict";
import { ConfigError } from "../config/config.ts";
import { sleep } from "../wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { produce, type Source } from "./produce.ts";
import { memoryKafka, outletTo } from "./test_kafka.ts";

const never = new AbortController().signal;
/** A source that goes on until it is told to stop. */
const endless: Source = (signal) =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

Deno.test("a topic that may not be written ends the producer, though its source goes on", async () => {
  const { kafka } = memoryKafka();
  const refused = new ConfigError("Cannot use the topic t: it is compacted");
  const outlet = outletTo({ ...kafka, ensureTopics: () => Promise.reject(refused) }, "t");
  await assert.rejects(produce(endless, [outlet], never), refused);
});

Deno.test("the error of a source is the producer's, and what it gave before is sent", async () => {
  await inFastTime(async () => {
    const { kafka, stored } = memoryKafka();
    const outlet = outletTo(kafka, "t");
    const source = () => {
      outlet.push({ key: "a", value: "1" });
      return Promise.reject(new Error("the file is cut short"));
    };
    await assert.rejects(produce(source, [outlet], never), /the file is cut short/);
    await sleep(1_000);
    assert.deepEqual(stored, { t: ["1"] });
  });
});

Deno.test("a finite source that waits for room loses nothing, and the producer ends once all is acked", async () => {
  await inFastTime(async () => {
    let isAway = true;
    const { kafka, stored } = memoryKafka(() => isAway ? new Error("away") : undefined);
    const outlet = outletTo(kafka, "t", { limit: 4_000 });
    const values = Array.from({ length: 500 }, (_, n) => `${n}`);
    let given = 0;
    const source: Source = async (signal) => {
      for (const value of values) {
        await outlet.room(signal);
        outlet.push({ key: "a", value });
        given++;
      }
    };
    const produced = produce(source, [outlet], never);
    await sleep(60_000);
    // Half of the buffer holds about seven of them.
    assert.ok(given < 10, `${given} given while nothing was acked`);
    isAway = false;
    await produced;
    assert.deepEqual(stored.t, values);
    assert.deepEqual(outlet.counts, { acked: 500, merged: 0, dropped: 0 });
  });
});

Deno.test("a source that is told to stop while it waits for room ends, and what it gave is sent", async () => {
  await inFastTime(async () => {
    let isAway = true;
    const { kafka, stored } = memoryKafka(() => isAway ? new Error("away") : undefined);
    const outlet = outletTo(kafka, "t", { limit: 4_000 });
    const stop = new AbortController();
    let given = 0;
    const source: Source = async (signal) => {
      for (; !signal.aborted; await outlet.room(signal)) outlet.push({ key: "a", value: `${given++}` });
    };
    const produced = produce(source, [outlet], stop.signal);
    await sleep(10_000);
    stop.abort();
    isAway = false;
    await produced;
    assert.equal(stored.t.length, given);
  });
});
