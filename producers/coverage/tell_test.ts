import assert from "node:assert/strict";
import { closeSpan, type Hole, openSpan, type Span, takeOut } from "./spans.ts";
import { tellSpans } from "./tell.ts";

const outlet = { pushed: 10, settled: 10 };
const opened = (from: number, notBefore = 0): Span[] => {
  const spans: Span[] = [];
  openSpan(spans, from, notBefore);
  return spans;
};
const holeOf = (from: number, to: number, dropped: number): Hole => ({
  ...{ from, to, dropped },
  reason: "overflow",
  place: [0],
});
const tell = (spans: Span[], hole?: Hole, silentSince?: number) =>
  tellSpans(spans, 1_000, hole, silentSince, [outlet]);
const row = (from: number, to: number, reason: string, dropped: number | null = null) => ({
  from,
  to,
  reason,
  dropped,
});

Deno.test("an end is not told before what came before it is acked", () => {
  const spans = opened(5);
  tell(spans);
  closeSpan(spans, 50, "mute", [11]);
  assert.deepEqual(tell(spans), []);
  assert.deepEqual(tellSpans(spans, 1_000, undefined, undefined, [{ pushed: 11, settled: 11 }]), [
    row(5, 50, "mute"),
  ]);
  assert.deepEqual(spans, []);
});

Deno.test("an interval is told once, and again when it turns silent and when it speaks", () => {
  const spans = opened(5);
  assert.deepEqual(tell(spans), [row(5, 5, "open")]);
  assert.deepEqual(tell(spans), []);
  assert.deepEqual(tell(spans, undefined, 20), [row(5, 20, "silent")]);
  assert.deepEqual(tell(spans, undefined, 20), []);
  assert.deepEqual(tell(spans), [row(5, 5, "open")]);
});

Deno.test("an interval of a connection that lags behind the one before is not told of until it has caught up", () => {
  const spans = opened(5, 1_000);
  assert.deepEqual(tellSpans(spans, 1_000, undefined, undefined, [outlet]), []);
  assert.deepEqual(tellSpans(spans, 1_001, undefined, undefined, [outlet]), [row(5, 5, "open")]);
});

Deno.test("an interval in which nothing can have been received is not told of", () => {
  const spans = opened(5);
  closeSpan(spans, 5, "lost connection", [0]);
  assert.deepEqual(tell(spans), []);
  assert.deepEqual(spans, []);
});

Deno.test("while a buffer goes on dropping, the interval after the hole is not told of, and the count grows", () => {
  const spans = opened(5);
  tell(spans);
  const hole = holeOf(20, 21, 1);
  takeOut(spans, hole);
  assert.deepEqual(tell(spans, hole), [row(5, 20, "overflow", 1)]);
  Object.assign(hole, { to: 30, dropped: 4 });
  takeOut(spans, hole);
  assert.deepEqual(tell(spans, hole), [row(5, 20, "overflow", 4)]);
  assert.deepEqual(tell(spans), [row(30, 30, "open")]);
  assert.equal(spans.length, 1);
});
