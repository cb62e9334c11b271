import assert from "node:assert/strict";
import { faultsIn } from "./judge/verdict.ts";
import { runSideBySide } from "./side_by_side.ts";
import { play } from "./scenario.ts";
import { shortScenarios } from "./scenarios/all.ts";

const WIDTH = 3;
/** Beside the other tests a producer may be that late with what it tells once a second. */
const LEEWAY_MS = 4_000;

Deno.test("nothing is lost, doubled or wrong, and what is missing is told, whatever breaks", async (t) => {
  // The longest start first, so that all sets of servers are done at about the same time.
  const queue = shortScenarios.toSorted((a, b) => b.seconds.short - a.seconds.short);
  await runSideBySide(WIDTH, () => queue.shift(), (servers, scenario) =>
    t.step({
      name: scenario.promise,
      // Steps on other servers run at the same time.
      ...{ sanitizeOps: false, sanitizeResources: false, sanitizeExit: false },
      async fn() {
        const { verdict, problems } = await play(servers, scenario, "short", 1, LEEWAY_MS);
        assert.deepEqual(problems, []);
        assert.deepEqual(faultsIn(verdict), {});
        assert.ok(verdict.sent > 0);
      },
    }));
});
