import assert from "node:assert/strict";
import type { Result } from "../scenario.ts";
import { repairsOf, rowsOf, tableOf } from "./report.ts";

const result = (name: string, recovery: number, lost = 0): Result => ({
  ...{ name, injected: 2, recovery, dead: 3, problems: [] },
  verdict: {
    ...{
      sent: 1_000,
      stored: 900,
      inGaps: 100 - lost,
      unwanted: 0,
      lost,
      untold: 0,
      doubled: 0,
      wrong: 0,
      overclaimed: 0,
      faults: [],
    },
  },
});

Deno.test("a fault's rounds add up; the longest recovery is that of all", () => {
  const rows = rowsOf([result("a", 1_240), result("b", 0), result("a", 9_960, 1)]);
  assert.deepEqual(rows.map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(rows[0], {
    name: "a",
    ...{ injected: 4, sent: 2_000, stored: 1_800, gaps: 199, dead: 6 },
    ...{ lost: 1, untold: 0, doubled: 0, wrong: 0, overclaimed: 0 },
    longest_recovery_s: 10,
  });
});

Deno.test("the table has a line a fault and a line a worker, in columns", () => {
  const table = tableOf(rowsOf([result("a fault", 1_240)]), [
    { task: "book:produce", start: 100 * 2 ** 20, end: 101 * 2 ** 20 },
  ]);
  assert.equal(
    table,
    [
      "| fault   | injected |  sent | stored | in gaps | dead letters | lost | untold | doubled | wrong | overclaimed | longest recovery |",
      "| ------- | -------: | ----: | -----: | ------: | -----------: | ---: | -----: | ------: | ----: | ----------: | ---------------: |",
      "| a fault |        2 | 1,000 |    900 |     100 |            3 |    0 |      0 |       0 |     0 |           0 |            1.2 s |",
      "",
      "| worker       | memory at start |  at end |",
      "| ------------ | --------------: | ------: |",
      "| book:produce |         100 MiB | 101 MiB |",
    ].join("\n"),
  );
});

Deno.test("gaps of a fault's outages add up, the longest repair and the greatest weight are those of all", () => {
  const repaired = (tookMs: number, weight: number) => ({
    ...result("an outage", tookMs),
    repair: { repaired: 10, absent: 1, lost: 5, tookMs, weight },
  });
  const results = [repaired(70_440, 200), result("a fault", 0), repaired(65_000, 1_300)];
  const repairs = repairsOf(results);
  assert.deepEqual(repairs, [
    { name: "an outage", repaired: 20, absent: 2, lost: 10, most_weight: 1_300, longest_repair_s: 70.4 },
  ]);
  assert.equal(
    tableOf(rowsOf(results), [], repairs).split("\n").slice(-3).join("\n"),
    [
      "| repair    | gaps repaired | absent | lost | most weight a minute | sockets back to repaired |",
      "| --------- | ------------: | -----: | ---: | -------------------: | -----------------------: |",
      "| an outage |            20 |      2 |   10 |                1,300 |                   70.4 s |",
    ].join("\n"),
  );
});
