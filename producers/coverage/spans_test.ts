import assert from "node:assert/strict";
import fc from "fast-check";
import { closeSpan, openSpan, type Span, takeOut } from "./spans.ts";

const times = (spans: readonly Span[]) => spans.map(({ from, to, reason }) => [from, to, reason]);
const hole = (from: number, to: number) => ({ from, to, reason: "overflow", dropped: 1, place: [7] });

Deno.test("an interval whose beginning was told ends there when a hole reaches over it", () => {
  const spans: Span[] = [];
  openSpan(spans, 0, 0);
  closeSpan(spans, 10, "lost connection", [1]);
  openSpan(spans, 20, 0);
  spans[1].told = { from: 20, to: 20, reason: "open", dropped: null };
  takeOut(spans, hole(5, 25));
  assert.deepEqual(times(spans), [[0, 5, "overflow"], [20, 20, "overflow"], [25, Infinity, "open"]]);
});

Deno.test("intervals that wait for hours to be told stay few: the oldest are forgotten, which makes the gap longer", () => {
  const spans: Span[] = [];
  for (let n = 0; n < 1_000; n++) {
    openSpan(spans, 10 * n, 0);
    closeSpan(spans, 10 * n + 5, "lost connection", [n]);
  }
  assert.equal(spans.length, 64);
  assert.equal(spans.at(-1)!.from, 9_990);
});

const interval = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 10 }));

Deno.test("what is left of intervals is what a set of milliseconds has left when the holes are taken out", () => {
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 6 }),
      fc.array(interval, { maxLength: 6 }),
      (lengths, holes) => {
        const spans: Span[] = [];
        const expected = new Set<number>();
        let at = 0;
        for (const [pause, length] of lengths) {
          openSpan(spans, at += pause + 1, 0);
          for (let ms = at; ms < at + length; ms++) expected.add(ms);
          closeSpan(spans, at += length, "lost connection", []);
          spans.at(-1)!.told = pause % 2 === 0
            ? undefined
            : { from: 0, to: 0, reason: "open", dropped: null };
        }
        for (const [from, length] of holes) {
          takeOut(spans, hole(from, from + length));
          for (let ms = from; ms < from + length; ms++) expected.delete(ms);
        }
        const left = spans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, n) => from + n));
        assert.deepEqual(left, [...expected].sort((a, b) => a - b));
      },
    ),
  );
});
