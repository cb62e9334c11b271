import assert from "node:assert/strict";
import fc from "fast-check";
import type { Gap } from "../../shared/streams/gap.ts";
import { findSilence, narrow } from "./silence.ts";

const spans = (from: number, to: number, times: number[], isRestart = false) => {
  const silence = findSilence({ streams: ["a"], from, to, isRestart }, new Map([["a", times]]));
  return silence && [silence.from, silence.to];
};
const every = (pace: number, from: number, to: number) =>
  Array.from({ length: (to - from) / pace }, (_, i) => from + i * pace);

Deno.test("an outage in which another producer received all the time has no silence", () => {
  assert.equal(spans(0, 300, every(10, -1_000, 1_000)), undefined);
  assert.equal(spans(0, 60_000, every(400, 0, 60_000)), undefined);
});

Deno.test("where nobody received anything all of it is silence, though the last messages differ by some ms", () => {
  assert.deepEqual(spans(0, 300, []), [0, 300]);
  assert.deepEqual(spans(0, 300, [-9, 0, 9, 20, 305]), [20, 300]);
  assert.deepEqual(spans(0, 60_000, [9]), [9, 60_000]);
});

Deno.test("the other's return ends it, and what is long before one's own return is the other's to record", () => {
  assert.deepEqual(spans(0, 1_600, every(10, 1_500, 1_600)), [0, 1_500]);
  assert.equal(spans(0, 9_000, every(10, 1_500, 9_000)), undefined);
});

Deno.test("as a worker ends that is not back, what the other has not received yet is no silence, unless it has nothing", () => {
  assert.equal(spans(0, Infinity, every(10, 0, 3_000)), undefined);
  assert.deepEqual(spans(0, Infinity, every(10, 2_500, 3_000)), [0, 2_500]);
  assert.deepEqual(spans(0, Infinity, []), [0, Infinity]);
});

Deno.test("other streams tell nothing of these", () => {
  const times = new Map([["b", every(10, 0, 1_000)]]);
  assert.ok(findSilence({ streams: ["a"], from: 0, to: 1_000, isRestart: false }, times));
});

Deno.test("a hole over two silences is two gaps where another producer had the stream in between, else one", () => {
  const hole = {
    stream: "book",
    symbol: "A",
    reason: "lost connection",
    startedAt: 0,
    endedAt: 90,
    dropped: null,
  };
  const boundsOf = (received: number[]) => {
    const times = new Map([["a", received]]);
    const silences = [{ from: 10, to: 30, times: new Map() }, { from: 60, to: 80, times }];
    return narrow(hole, "a", silences).map(({ startedAt, endedAt }) => [startedAt, endedAt]);
  };
  assert.deepEqual(boundsOf([40, 50]), [[0, 40], [50, 90]]);
  assert.deepEqual(boundsOf([]), [[0, 90]]);
});

Deno.test("before a start a market may be silent for half a second, however short the outage was", () => {
  assert.equal(spans(0, 400, [], true), undefined);
  assert.deepEqual(spans(0, 3_600_000, [], true), [0, 3_600_000]);
  assert.equal(spans(100, 90, [], true), undefined);
});

Deno.test("what was missed before a start is found, though another one that started then reached the exchange long before", () => {
  assert.deepEqual(spans(0, 3_600_000, every(10, 3_500_000, 3_600_000), true), [0, 3_500_000]);
});

Deno.test("of two that lose the exchange at any times, one at least records what neither received, and nothing else", () => {
  const outage = fc.record({ from: fc.integer({ min: 1_000, max: 4_000 }), ms: fc.nat(6_000) });
  fc.assert(
    fc.property(
      outage,
      outage,
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 400 }),
      (a, b, paces) => {
        let now = 0;
        const market = paces.map((pace) => now += pace);
        const has = ({ from, ms }: typeof a, time: number) => time < from || time >= from + ms;
        const received = market.filter((time) => has(a, time) || has(b, time));
        const recorded: Gap[] = [a, b].flatMap((one) => {
          const startedAt = market.findLast((time) => time < one.from) ?? 0;
          const endedAt = market.find((time) => time >= one.from + one.ms);
          if (endedAt === undefined || market.every((time) => has(one, time))) return [];
          const times = new Map([["a", received]]);
          const silence = findSilence(
            { streams: ["a"], from: startedAt, to: endedAt, isRestart: false },
            times,
          );
          const gap = {
            ...{ stream: "book", symbol: "A", reason: "lost connection" },
            startedAt,
            endedAt,
            dropped: null,
          };
          return silence ? narrow(gap, "a", [silence]) : [];
        });
        const isIn = (time: number, margin: number) =>
          recorded.some(({ startedAt, endedAt }) => startedAt + margin <= time && time <= endedAt - margin);
        assert.ok(received.every((time) => !isIn(time, 1)));
        const common = [Math.max(a.from, b.from), Math.min(a.from + a.ms, b.from + b.ms)];
        const end = market.at(-1)!;
        if (common[1] - common[0] > 500 && common[1] < end) {
          assert.ok(market.every((time) => time < common[0] || time >= common[1] || isIn(time, 0)));
        }
      },
    ),
  );
});
