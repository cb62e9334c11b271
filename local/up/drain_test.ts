import assert from "node:assert/strict";
import { inFastTime } from "../../tests/fast_time.ts";
import { kline } from "../../shared/streams/kline.ts";
import type { Stream } from "../../shared/stream.ts";
import type { Exchange } from "../exchange/server.ts";
import { drain } from "./drain.ts";
import type { Monitor } from "./monitor.ts";
import { nothing } from "./totals.ts";
import type { WorkerProcess } from "./worker.ts";

/** Parts that note what is done to them, in order. */
function fakes({ behind = [0], counted = [true], sent = 0, faults = {} }: {
  behind?: (number | Error)[];
  counted?: boolean[];
  sent?: number;
  faults?: Record<string, string>;
}) {
  const done: string[] = [];
  let received = 0;
  const worker = (task: string) => ({
    get totals() {
      const counts: Record<string, number> = task === "kline:produce" ? { received } : {};
      return [{ ...nothing, counts }];
    },
    stop() {
      done.push(`stop ${task}`);
      return Promise.resolve(faults[task]);
    },
  } as unknown as WorkerProcess);
  const monitor = {
    poll() {
      received = Math.min(sent, received + 40);
      return Promise.resolve();
    },
    behind() {
      const next = behind.length > 1 ? behind.shift()! : behind[0];
      done.push(`behind ${next instanceof Error ? "?" : next}`);
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    keepGaps: () => Promise.resolve(void done.push("keep gaps")),
    countRows() {
      done.push("count");
      return Promise.resolve(counted.length > 1 ? counted.shift()! : counted[0]);
    },
  } as Monitor;
  const exchange = {
    pause: () => void done.push("pause"),
    status: () => ({ sentByKind: { kline: sent } }),
  } as unknown as Exchange;
  const stream = kline as unknown as Stream;
  const lines = [{ stream, producer: worker("kline:produce"), consumer: worker("kline:consume") }];
  return { lines, repair: worker("repair"), monitor, exchange, done, received: () => received };
}

Deno.test("the pipeline ends from its beginning to its end, and consumers only once all is stored", async () => {
  const { lines, repair, monitor, exchange, done, received } = fakes({ behind: [5, 2, 0], sent: 100 });
  assert.deepEqual(await drain(lines, repair, monitor, exchange, () => {}), []);
  assert.deepEqual(done, [
    "keep gaps",
    "pause",
    "stop kline:produce",
    "stop repair",
    "behind 5",
    "behind 2",
    "behind 0",
    "stop kline:consume",
    "count",
  ]);
  assert.equal(received(), 100, "all that the exchange had sent was waited for");
});

Deno.test("a Kafka that does not answer for a moment is asked again", async () => {
  const { lines, repair, monitor, done } = fakes({ behind: [new Error("away"), 0] });
  assert.deepEqual(await drain(lines, repair, monitor, undefined, () => {}), []);
  assert.deepEqual(done, [
    "keep gaps",
    "stop kline:produce",
    "stop repair",
    "behind ?",
    "behind 0",
    "stop kline:consume",
    "count",
  ]);
});

Deno.test("for a Kafka that no longer answers, no number of messages is reported", async () => {
  const { lines, repair, monitor } = fakes({ behind: [7, new Error("away")] });
  const [fault] = await inFastTime(() => drain(lines, repair, monitor, undefined, () => {}));
  assert.match(fault, /^Cannot ask Kafka how many messages are not stored yet: away\. They are stored when/);
});

Deno.test("rows that can't be counted for a moment are counted again", async () => {
  const { lines, repair, monitor, done } = fakes({ counted: [false, true] });
  assert.deepEqual(await inFastTime(() => drain(lines, repair, monitor, undefined, () => {})), []);
  assert.deepEqual(done.slice(-2), ["count", "count"]);
});

Deno.test("rows that can't be counted at all do not keep the pipeline from its end", async () => {
  const { lines, repair, monitor } = fakes({ counted: [false] });
  assert.deepEqual(await inFastTime(() => drain(lines, repair, monitor, undefined, () => {})), []);
});

Deno.test("what a worker could not finish is reported", async () => {
  const { lines, repair, monitor } = fakes({
    faults: { "kline:produce": "kline:produce ended with code 1" },
  });
  assert.deepEqual(await drain(lines, repair, monitor, undefined, () => {}), [
    "kline:produce ended with code 1",
  ]);
});
