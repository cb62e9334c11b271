import assert from "node:assert/strict";
import { createLog } from "../../shared/log.ts";
import { createUntimely } from "./plausible.ts";

const [minute, hour] = [60_000, 3_600_000];

/** A check by a clock that is set, with what it logs. */
function untimelyAt(start: number) {
  const clock = { now: start };
  const lines: string[] = [];
  const isUntimely = createUntimely(createLog("test", "info", (line) => lines.push(line)), () => clock.now);
  return { clock, lines, isUntimely };
}

Deno.test("an event that is dated more than a minute ahead of the clock is logged, and its time is ignored", () => {
  const { isUntimely, lines } = untimelyAt(hour);
  assert.deepEqual([0, hour, hour + minute].map(isUntimely), [false, false, false]);
  assert.equal(lines.length, 0);
  assert.equal(isUntimely(25 * hour), true);
  assert.equal(isUntimely(hour + 1), false);
  assert.match(lines[0], /an event is dated ahead of the clock.* minutes=1440/);
});

Deno.test("where all events are ahead for long it is the clock that is behind, and they count again", () => {
  const { isUntimely, lines, clock } = untimelyAt(hour);
  const ahead = Array.from({ length: 300 }, (_, n) => isUntimely(2 * hour + n));
  assert.equal(ahead.filter((is) => is).length, 99);
  assert.match(lines.at(-1)!, /this machine's clock is behind the exchange's: set it right minutes=60/);
  // Still one that is a day ahead does not.
  assert.equal(isUntimely(26 * hour), true);
  clock.now = 2 * hour;
  assert.equal(isUntimely(2 * hour + 300), false);
  assert.equal(isUntimely(3 * hour), true);
});
