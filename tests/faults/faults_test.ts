import assert from "node:assert/strict";
import { faultsIn } from "./judge/verdict.ts";
import { runSideBySide } from "./side_by_side.ts";
import { play, type Scenario } from "./scenario.ts";
import { shortScenarios } from "./scenarios/all.ts";

/** As many as leave a part of two cores to the other tests. */
const WIDTH = 2;
/** Beside the other tests a producer may be that late with what it tells once a second. */
const LEEWAY_MS = 4_000;
/** Steps on other servers run at the same time. */
const sideBySide = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

/**
 * Whatever the machine does, no message may be lost, doubled, wrong or untold. How soon something recovers and how closely a gap fits
 * depends on it, too: a scenario that fails in that beside others must keep all of its promises alone.
 */
Deno.test("nothing is lost, doubled or wrong, and what is missing is told, whatever breaks", async (t) => {
  // The longest start first, so that all sets of servers are done at about the same time.
  const queue = shortScenarios.toSorted((a, b) => b.seconds.short - a.seconds.short);
  const again: Scenario[] = [];
  await runSideBySide(WIDTH, () => queue.shift(), (servers, scenario) =>
    t.step({
      name: scenario.promise,
      ...sideBySide,
      async fn() {
        const { verdict, problems } = await play(servers, scenario, "short", 1, LEEWAY_MS);
        const { overclaimed, ...faults } = faultsIn(verdict);
        assert.deepEqual(faults, {}, JSON.stringify(verdict.faults));
        assert.ok(verdict.sent > 0);
        if (problems.length === 0 && overclaimed === undefined) return;
        console.warn(`To be played again alone: ${scenario.name}:`, ...problems, ...verdict.faults);
        again.push(scenario);
      },
    }));
  await runSideBySide(1, () => again.shift(), (servers, scenario) =>
    t.step({
      name: `alone: ${scenario.promise}`,
      ...sideBySide,
      async fn() {
        const { verdict, problems } = await play(servers, scenario, "short", 2, LEEWAY_MS);
        assert.deepEqual(problems, []);
        assert.deepEqual(faultsIn(verdict), {});
      },
    }));
});
