import assert from "node:assert/strict";
import type { Scenario } from "../scenario.ts";
import { scenarios } from "../scenarios/all.ts";
import { planRounds } from "./plan.ts";

const names = (next: () => { scenario: Scenario } | undefined, count: number) =>
  Array.from({ length: count }, () => next()?.scenario.name);

Deno.test("each round has every fault once, in an order that follows from the seed", () => {
  const all = scenarios.map(({ name }) => name).sort();
  const rounds = (seed: number) => names(planRounds(scenarios, "long", seed, () => 1e6), 2 * all.length);
  const played = rounds(7);
  assert.deepEqual(played.slice(0, all.length).sort(), all);
  assert.deepEqual(played.slice(all.length).sort(), all);
  assert.notDeepEqual(played.slice(0, all.length), played.slice(all.length));
  assert.deepEqual(rounds(7), played);
  assert.notDeepEqual(rounds(8), played);
});

Deno.test("scenarios that take too long are skipped, and nothing begins when there is no time for any", () => {
  let left = 50;
  const next = planRounds(scenarios, "short", 1, () => left);
  const short = scenarios.filter(({ seconds }) => seconds.short <= 50).map(({ name }) => name).sort();
  assert.deepEqual(names(next, short.length).sort(), short);
  left = 1;
  assert.equal(next(), undefined);
});

Deno.test("five minutes are enough for ten faults, on two sets of servers", () => {
  for (let seed = 0; seed < 50; seed++) {
    const left = [275, 275]; // seconds, once the servers are up
    let count = 0;
    const next = planRounds(scenarios, "short", seed, () => Math.max(...left));
    for (let task = next(); task; task = next()) {
      const longer = left[0] > left[1] ? 0 : 1;
      left[longer] -= task.scenario.seconds.short;
      count++;
    }
    assert.ok(count >= 10, `seed ${seed} has time for ${count} only`);
  }
});
