import assert from "node:assert/strict";
import { runSideBySide } from "./side_by_side.ts";
import { play } from "./scenario.ts";
import { scenarios } from "./scenarios/all.ts";

const WIDTH = 3;

Deno.test("nothing is lost, doubled or wrong, whatever breaks", async (t) => {
  // The longest start first, so that all sets of servers are done at about the same time.
  const queue = scenarios.toSorted((a, b) => b.seconds.short - a.seconds.short);
  await runSideBySide(WIDTH, () => queue.shift(), (servers, scenario) =>
    t.step({
      name: scenario.promise,
      // Steps on other servers run at the same time.
      ...{ sanitizeOps: false, sanitizeResources: false, sanitizeExit: false },
      async fn() {
        const { verdict: { sent, lost, doubled, wrong }, problems } = await play(
          servers,
          scenario,
          "short",
          1,
        );
        assert.deepEqual(problems, []);
        assert.deepEqual({ lost, doubled, wrong }, { lost: 0, doubled: 0, wrong: 0 });
        assert.ok(sent > 0);
      },
    }));
});
