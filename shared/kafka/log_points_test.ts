import assert from "node:assert/strict";
import fc from "fast-check";
import { createPoints, lastOfFormer } from "./log_points.ts";

const mark = (offset: number) => ({ offset, checksum: 1 });
const offsetsOf = (points: ReturnType<typeof createPoints>) => points.of(0).map(({ mark }) => mark.offset);

/** Points whose clock moves on by half a second at each look at it. */
function slowPoints() {
  let now = 0;
  return createPoints(() => now += 500);
}

Deno.test("the next look is for what was the newest at the last one, and what was committed comes first", () => {
  const points = slowPoints();
  points.stored(0, mark(5), undefined);
  points.committed(new Map([[0, mark(4)]]));
  points.stored(0, mark(6), { A: 1 });
  const known = points.of(0);
  points.stored(0, mark(7), undefined);
  points.confirm(0, known.at(-1));
  assert.deepEqual(offsetsOf(points), [6, 7]);
  assert.deepEqual(points.of(0)[0].before, { A: 1 });
});

Deno.test("points are kept twice a second, however fast messages come", () => {
  let now = 0;
  const points = createPoints(() => now);
  for (; now < 2_000; now += 10) points.stored(0, mark(now), undefined);
  assert.deepEqual(offsetsOf(points), [0, 500, 1_000, 1_500]);
});

Deno.test("where reading goes back, the next look is for the message before that, however often it goes back", () => {
  const points = slowPoints();
  for (const offset of [1, 2, 3]) points.stored(0, mark(offset), undefined);
  points.goBack(0, mark(9), { A: 3 });
  points.stored(0, mark(0), undefined);
  points.goBack(0, mark(0), { A: 4 });
  assert.deepEqual(offsetsOf(points), [9, 0]);
  assert.deepEqual(points.of(0)[0].before, { A: 3 });
});

Deno.test("of points of which the first are of a former log the last of these is found", async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 60 }), fc.nat(60), async (former, later) => {
    const points = Array.from({ length: former + later }, (_, offset) => ({ mark: mark(offset) }));
    let looks = 0;
    const last = await lastOfFormer(points, ({ mark }) => {
      looks++;
      return Promise.resolve(mark.offset < former);
    });
    assert.equal(last.mark.offset, former - 1);
    assert.ok(looks <= 7);
  }));
});
