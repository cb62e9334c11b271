import assert from "node:assert/strict";
import type { Outgoing, Producer, Unsent } from "../../shared/kafka/mod.ts";
import { createLog } from "../../shared/log.ts";
import { sleep } from "../../shared/wait.ts";
import { inFastTime } from "../../tests/fast_time.ts";
import { createBuffer } from "./buffer.ts";
import { createOutlet } from "./outlet.ts";

const config = { brokers: ["kafka:9092"], ssl: false, topicPrefix: "", groupId: "g" };
const entry = (key: string | null, value: string): Outgoing => ({ key, value });

/** A topic that refuses what `refuses` says; what it takes is in `stored`, and each attempt in `attempts`. */
function outletOf(refuses: (message: Outgoing) => boolean) {
  const stored: string[] = [];
  const attempts: string[] = [];
  const acked: string[] = [];
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
  const fresh: string[] = [];
  const outlet = createOutlet({
    topic: "t",
    buffer: createBuffer(1e6, { onMerged() {}, onDropped() {} }),
    kafka: { ensureTopics: () => Promise.resolve(), producer: () => producer },
    config,
    signal: stop.signal,
    kind: "kafka",
    log: createLog("test", "info", (line) => lines.push(line)),
    onSend: (_entries, some) => fresh.push(...some.map(({ value }) => String(value))),
    onAcked: (entries) => acked.push(...entries.map(({ value }) => String(value))),
  });
  return { outlet, stored, attempts, acked, fresh, lines, stop };
}

Deno.test("what was acked is never sent again, though others of the same send were refused", async () => {
  await inFastTime(async () => {
    let isBroken = true;
    const { outlet, stored, attempts, acked, fresh } = outletOf(({ key }) => isBroken && key === "a");
    await outlet.open();
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
    assert.deepEqual([stored.length, acked.length, fresh.length], [200, 200, 200]);
    assert.deepEqual([outlet.trouble, outlet.length], [undefined, 0]);
  });
});

Deno.test("a topic that takes nothing at all is tried with pauses, and says so once", async () => {
  await inFastTime(async () => {
    const { outlet, attempts, lines, stop } = outletOf(() => true);
    await outlet.open();
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
    await outlet.open();
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
      buffer: createBuffer(1e6, { onMerged() {}, onDropped() {} }),
      kafka: { ensureTopics: () => Promise.resolve(), producer },
      config,
      signal: new AbortController().signal,
      kind: "kafka",
      log: createLog("test", "info", () => {}),
      onAcked() {},
    });
    await outlet.open();
    const running = outlet.run();
    outlet.push(entry("a", "1"));
    await sleep(1_000);
    outlet.push(entry("a", "2"));
    outlet.renew();
    await sleep(10_000);
    outlet.close();
    await running;
    assert.deepEqual(stored, ["1", "2"]);
    assert.deepEqual([producers, outlet.done, outlet.trouble], [2, 2, undefined]);
  });
});
