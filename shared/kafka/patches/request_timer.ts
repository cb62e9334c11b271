import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

/**
 * Patches kafkajs 2.2.4 (issues 1604 and 1751): with nothing to send, each connection sets a timer that is due at once,
 * again and again: a 1 ms loop that takes 2.5 % of a core, and a TimeoutNegativeWarning on newer runtimes. The patch sets the
 * timer only while requests wait.
 */
interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null;
  checkPendingRequests(): void;
}

const CHECK_MS = 10;

RequestQueue.prototype.scheduleCheckPendingRequests = function (this: Queue) {
  if (this.throttleCheckTimeoutId || this.pending.length === 0) return;
  // deno-lint-ignore bookline/elapsed -- kafkajs sets `throttledUntil` by this clock
  const throttled = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, throttled > 0 ? throttled : CHECK_MS);
};
