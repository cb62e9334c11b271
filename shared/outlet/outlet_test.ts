import assert from "node:assert/strict";
import type { Outgoing, Producer, Unsent } from "../kafka/mod.ts";
import { createLog } from "../log.ts";
import { sleep } from "../wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { createOutlet } from "./outlet.ts";
import { memoryKafka, outletTo } from "./test_kafka.ts";

const config = { brokers: ["kafka:9092"], ssl: false, topicPrefix: "", groupId: "g" };
const entry = (key: string | null, value: string): Outgoing => ({ key, value });

/** A topic that refuses what `refuses` says; what it takes is in `stored`, and each attempt in `attempts`. */
function outletOf(refuses: (message: Outgoing) => boolean) {
  const stored: string[] = [];
  const attempts: string[] = [];
  const lines: string[] = [];
  const producer: Producer = {
    async trySend<M extends Outgoing>(messages: readonly M[]): Promise<Unsent<M>[]> {
      await sleep(5);
      const bad = messages.filter(refuses);
      attempts.push(...messages.map(({ value }) => String(value)));
      stored.push(...messages.filter((one) => !bad.includes(one)).map(({ value }) => String(value)));
      return bad.map((message) => ({ message, error: new Error("refused") }));
    },
    send: () => Promise.reject(new Error("not used")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const stop = new AbortController();
  const outlet = createOutlet({
    topic: "t",
    limit: 1e6,
    kafka: { ensureTopics: () => Promise.resolve(), producer: () => producer },
    config,
    signal: stop.signal,
    kind: "kafka",
    log: createLog("test", "info", (line) => lines.push(line)),
  });
  return { outlet, stored, attempts, lines, stop };
}

Deno.test("what was acked is never sent again, though others of the same send were refused", async () => {
  await inFastTime(async () => {
    let isBroken = true;
    const { outlet, stored, attempts } = outletOf(({ key }) => isBroken && key === "a");
    const running = outlet.run();
    for (let n = 0; n < 100; n++, await sleep(50)) {
      outlet.push(entry("a", `a${n}`));
      outlet.push(entry("b", `b${n}`));
    }
    const ofB = (values: string[]) => values.filter((value) => value.startsWith("b"));
    assert.equal(ofB(stored).length, 100);
    assert.match(outlet.trouble!.words, /^Cannot write to the topic t: .*refused/);
    isBroken = false;
    outlet.close();
    await running;
    assert.equal(ofB(attempts).length, 100);
    const expected = (letter: string) => Array.from({ length: 100 }, (_, n) => `${letter}${n}`);
    assert.deepEqual(stored.filter((value) => value.startsWith("a")), expected("a"));
    assert.deepEqual([stored.length, outlet.counts.acked, outlet.settled], [200, 200, 200]);
    assert.deepEqual([outlet.trouble, outlet.length], [undefined, 0]);
  });
});

Deno.test("a topic that takes nothing at all is tried with pauses, and says so once", async () => {
  await inFastTime(async () => {
    const { outlet, attempts, lines, stop } = outletOf(() => true);
    const running = outlet.run();
    for (let n = 0; n < 300; n++, await sleep(100)) outlet.push(entry(null, "x"));
    stop.abort();
    await assert.rejects(
      running,
      /300 messages are lost that could not be sent in time. Cannot write to the topic t/,
    );
    // In half a minute there are some ten pauses, the longest of 5 s.
    assert.ok(attempts.length < 300 * 20, `${attempts.length} attempts`);
    assert.equal(lines.filter((line) => line.includes("Cannot write")).length, 1);
  });
});

Deno.test("one message that is refused keeps no other message without a key from being sent", async () => {
  await inFastTime(async () => {
    const { outlet, stored, stop } = outletOf(({ value }) => value === "huge");
    const running = outlet.run();
    outlet.push(entry(null, "huge"));
    for (let n = 0; n < 20; n++, await sleep(1_000)) outlet.push(entry(null, `${n}`));
    await sleep(10_000);
    assert.equal(stored.length, 20);
    stop.abort();
    await assert.rejects(running, /1 messages are lost/);
  });
});

Deno.test("a send that never ends is given up where all is begun anew, and what it held is sent by new connections", async () => {
  await inFastTime(async () => {
    const stored: string[] = [];
    let producers = 0;
    const producer = (): Producer => {
      const isHung = producers++ === 0;
      return {
        trySend<M extends Outgoing>(messages: readonly M[]): Promise<Unsent<M>[]> {
          if (isHung) return new Promise(() => {});
          stored.push(...messages.map(({ value }) => String(value)));
          return Promise.resolve([]);
        },
        send: () => Promise.reject(new Error("not used")),
        [Symbol.asyncDispose]: () => isHung ? new Promise(() => {}) : Promise.resolve(),
      };
    };
    const outlet = createOutlet({
      topic: "t",
      limit: 1e6,
      kafka: { ensureTopics: () => Promise.resolve(), producer },
      config,
      signal: new AbortController().signal,
      kind: "kafka",
      log: createLog("test", "info", () => {}),
    });
    const running = outlet.run();
    outlet.push(entry("a", "1"));
    await sleep(1_000);
    outlet.push(entry("a", "2"));
    outlet.renew();
    await sleep(10_000);
    outlet.close();
    await running;
    assert.deepEqual(stored, ["1", "2"]);
    assert.deepEqual([producers, outlet.counts.acked, outlet.trouble], [2, 2, undefined]);
  });
});

Deno.test("a flush fails where a person must act, or where it is given up, and says why", async () => {
  await inFastTime(async () => {
    let error = new Error("SASL: the password is wrong");
    const { kafka } = memoryKafka(() => error);
    const [stop, enough] = [new AbortController(), new AbortController()];
    const outlet = outletTo(kafka, "t", { signal: stop.signal });
    const running = outlet.run();
    outlet.push({ key: null, value: "x" });
    await assert.rejects(
      outlet.flush(stop.signal),
      /^Error: Cannot write to the topic t: .*the password is wrong/,
    );
    error = new Error("away");
    await sleep(10_000);
    setTimeout(() => enough.abort(), 30_000);
    await assert.rejects(outlet.flush(enough.signal), /^Error: Cannot write to the topic t: .*away/);
    stop.abort();
    await assert.rejects(running, /1 messages are lost/);
  });
});

Deno.test("a flush ends once all is acked, at once where there is nothing", async () => {
  await inFastTime(async () => {
    const { kafka, stored } = memoryKafka();
    const outlet = outletTo(kafka, "t");
    const running = outlet.run();
    const never = new AbortController().signal;
    await outlet.flush(never);
    for (const value of ["1", "2", "3"]) {
      outlet.push({ key: "a", value });
      await sleep(10);
    }
    await outlet.flush(never);
    assert.deepEqual(stored, { t: ["1", "2", "3"] });
    outlet.close();
    await running;
  });
});
