import assert from "node:assert/strict";
import { createFrontier, isSettled, placeOf } from "./frontier.ts";

Deno.test("what waits in any of the outlets holds up the frontier, and what came later does not", () => {
  const outlets = [{ pushed: 3, settled: 2 }, { pushed: 1, settled: 1 }];
  const frontier = createFrontier(outlets);
  frontier.mark(100);
  assert.equal(frontier.reach(), 0);
  Object.assign(outlets[0], { pushed: 9, settled: 3 });
  assert.equal(frontier.reach(), 100);
  frontier.mark(200);
  assert.equal(frontier.reach(), 100);
});

Deno.test("the frontier never falls", () => {
  const frontier = createFrontier([{ pushed: 0, settled: 0 }]);
  frontier.mark(100);
  frontier.mark(50);
  assert.equal(frontier.reach(), 100);
});

Deno.test("while nothing is settled for hours the marks stay few, and the oldest of them counts as soon as it is settled", () => {
  const outlet = { pushed: 0, settled: 0 };
  const frontier = createFrontier([outlet]);
  for (let time = 1; time <= 10_000; time++) {
    outlet.pushed = time;
    frontier.mark(time);
  }
  outlet.settled = 1;
  assert.equal(frontier.reach(), 1);
  outlet.settled = 10_000;
  assert.equal(frontier.reach(), 10_000);
});

Deno.test("a place is settled once each outlet has got that far", () => {
  const outlets = [{ pushed: 2, settled: 1 }];
  const place = placeOf(outlets);
  assert.equal(isSettled(place, outlets), false);
  outlets[0].settled = 2;
  assert.equal(isSettled(place, outlets), true);
});
