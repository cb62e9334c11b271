import assert from "node:assert/strict";
import "./request_timer.ts";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

/** Runs a test with timers that are noted instead of set. */
function withTimers(test: (delays: number[]) => void): void {
  const real = globalThis.setTimeout;
  const delays: number[] = [];
  globalThis.setTimeout = ((_run: () => void, ms: number) => delays.push(ms)) as unknown as typeof setTimeout;
  try {
    test(delays);
  } finally {
    globalThis.setTimeout = real;
  }
}

/** A queue of kafkajs, with so many requests that wait. */
const queueOf = (pending: number, throttledUntil = 0) =>
  Object.assign(Object.create(RequestQueue.prototype), {
    pending: Array(pending).fill({}),
    throttledUntil,
    throttleCheckTimeoutId: null,
  });

Deno.test("a connection with nothing to send sets no timer: without the patch it sets them without end", () => {
  withTimers((delays) => {
    queueOf(0).scheduleCheckPendingRequests();
    queueOf(0, Date.now() + 1_000).scheduleCheckPendingRequests();
    assert.deepEqual(delays, []);
  });
});

Deno.test("one with requests that wait looks again soon, once, or when the broker's throttling is over", () => {
  withTimers((delays) => {
    const queue = queueOf(1, Date.now() - 5_000);
    queue.scheduleCheckPendingRequests();
    queue.scheduleCheckPendingRequests();
    assert.deepEqual(delays, [10]);
    queueOf(1, Date.now() + 1_000).scheduleCheckPendingRequests();
    assert.ok(delays[1] > 900 && delays[1] <= 1_000, `${delays[1]} ms`);
  });
});
