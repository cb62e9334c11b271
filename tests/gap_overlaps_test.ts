/** Tests of the gap ledger where runs of a producer overlap, as in a rolling restart: which feeds nobody wants any more. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { coverageDatabase, gapsOf, heartbeat, interval, keepGaps } from "./coverage.ts";
import { gapsAfter, modelGaps, type Run, runs } from "./runs.ts";

const MINUTE = 60_000;

/** A run that goes on. */
const goesOn = (symbols: string, since: number): Run => [symbols, since, Infinity, "alive"];

Deno.test("a symbol that is taken out in a rolling restart has no gap, however the two runs overlap within ten minutes", async () => {
  await using test = await coverageDatabase();
  for (const overlap of [-3_000, 0, 1_000, 2_000, 2_500, 30_000, 9 * MINUTE]) {
    const found = await gapsAfter(test, ["BE", 0, 1_000_000, "stopped"], goesOn("B", 1_000_000 - overlap));
    assert.deepEqual(found, overlap < 0 ? ["B 1000-1003"] : [], `${overlap} ms`);
  }
});

Deno.test("nor has it where several producers share the name and the symbols, and are replaced one after the other", async () => {
  await using test = await coverageDatabase();
  const found = await gapsAfter(
    test,
    ["BE", 0, 1_000_000, "stopped"],
    ["BE", 1_000, 1_030_000, "stopped"],
    ["BE", 2_000, 1_060_000, "stopped"],
    goesOn("B", 995_000),
    goesOn("B", 1_020_000),
    goesOn("B", 1_050_000),
  );
  assert.deepEqual(found, []);
});

Deno.test("a symbol is taken out though it was in a run that overlapped with the one before, and had no break since", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  await store(
    interval(["a/0", "BTCUSDT", 0, 0, "open"]),
    // It lost its connection and had it again, while the next run was there.
    interval(["a/0", "ETHUSDT", 0, 99_000, "lost connection"]),
    interval(["a/0", "ETHUSDT", 99_500, 100_000, "stopped"]),
    heartbeat("a/0", 0, 100_000, "stopped"),
    interval(["a/1", "BTCUSDT", 98_000, 200_000, "stopped"]),
    interval(["a/1", "ETHUSDT", 98_000, 200_000, "stopped"]),
    heartbeat("a/1", 97_500, 200_000, "stopped"),
    interval(["a/2", "BTCUSDT", 198_000, 0, "open"]),
    heartbeat("a/2", 197_500, 210_000),
  );
  await keepGaps(sql);
  assert.deepEqual(await gapsOf(sql), []);
});

Deno.test("an overlapping run that has not subscribed all that it wants ends nothing, nor one that ends before the former", async () => {
  await using test = await coverageDatabase();
  assert.deepEqual(
    await gapsAfter(test, ["BE", 0, 1_000_000, "stopped"], ["B", 998_000, 1_003_000, "starting"]),
    ["B 1003-", "E 1000-"],
  );
  assert.deepEqual(
    await gapsAfter(test, ["BE", 0, 1_000_000, "stopped"], ["B", 900_000, 990_000, "stopped"]),
    ["B 1000-", "E 1000-"],
  );
});

Deno.test("of two producers of one name with different symbols, the symbols of the one that is killed have a gap", async () => {
  await using test = await coverageDatabase();
  assert.deepEqual(
    await gapsAfter(test, ["B", 0, 1_000_000, "killed"], goesOn("E", 990_000)),
    ["B 1000-"],
    "the other one began a moment before",
  );
  assert.deepEqual(
    await gapsAfter(test, ["BE", 0, 1_000_000, "killed"], goesOn("E", 500_000)),
    ["B 1000-"],
    "one is in both",
  );
  assert.deepEqual(
    await gapsAfter(test, goesOn("E", 0), ["B", 1_000, 1_000_000, "killed"]),
    ["B 1000-"],
    "the other one began first",
  );
});

Deno.test("their gap stays though the other one is restarted meanwhile, and ends once the next run has the symbol", async () => {
  await using test = await coverageDatabase();
  assert.deepEqual(
    await gapsAfter(
      test,
      ["B", 0, 1_000_000, "killed"],
      ["E", 1_000, 1_100_000, "stopped"],
      goesOn("E", 1_105_000),
    ),
    ["B 1000-", "E 1100-1105"],
  );
  assert.deepEqual(
    await gapsAfter(
      test,
      ["B", 0, 1_000_000, "killed"],
      ["E", 1_000, 1_100_000, "stopped"],
      goesOn("E", 1_105_000),
      goesOn("B", 1_200_000),
    ),
    ["B 1000-1200", "E 1100-1105"],
  );
});

Deno.test("of two that share the name and no symbol, one that is stopped has a gap, too", async () => {
  await using test = await coverageDatabase();
  assert.deepEqual(
    await gapsAfter(test, ["B", 0, 1_000_000, "stopped"], goesOn("E", 900_000)),
    ["B 1000-"],
  );
  assert.deepEqual(
    await gapsAfter(
      test,
      ["B", 0, 1_000_000, "stopped"],
      ["E", 1_000, 995_000, "stopped"],
      goesOn("E", 999_000),
    ),
    ["B 1000-", "E 995-999"],
  );
});

Deno.test("a symbol that one of two producers of a name was replaced without has a gap while the other one is gone and wanted it", async () => {
  await using test = await coverageDatabase();
  for (const end of ["killed", "stopped"] as const) {
    const found = await gapsAfter(
      test,
      // Killed after the other one's next run began, and before the other one itself was stopped.
      ["BE", 0, 1_000_000, end],
      ["BE", 1_000, 1_010_000, "stopped"],
      goesOn("B", 990_000),
    );
    assert.deepEqual(found, end === "killed" ? ["E 1010-"] : [], end);
  }
});

Deno.test("a killed producer whose next run has the symbol has its gap, though a run overlaps that does not", async () => {
  await using test = await coverageDatabase();
  assert.deepEqual(
    await gapsAfter(test, ["BE", 0, 1_000_000, "killed"], goesOn("B", 995_000), goesOn("BE", 1_010_000)),
    ["E 1000-1010"],
  );
});

Deno.test("a symbol that is put in by a rolling restart and taken out again has no gap, whether its run was stopped or killed", async () => {
  await using test = await coverageDatabase();
  for (const end of ["killed", "stopped"] as const) {
    const found = await gapsAfter(
      test,
      ["B", 0, 1_000_000, "stopped"],
      ["BE", 995_000, 1_100_000, end],
      goesOn("B", 1_099_000),
    );
    assert.deepEqual(found, [], end);
  }
});

Deno.test("a symbol that is taken out has no gap, though a run without it was beside its run long before", async () => {
  await using test = await coverageDatabase();
  for (const end of ["killed", "stopped"] as const) {
    const found = await gapsAfter(
      test,
      ["BE", 0, 2_000_000, end],
      ["B", 100_000, 1_100_000, "stopped"],
      goesOn("B", 1_999_000),
    );
    assert.deepEqual(found, [], end);
  }
});

Deno.test("a symbol that is taken out while its run is killed beside the next one has a gap: until the next restart, or if they overlapped for long until it is covered", async () => {
  await using test = await coverageDatabase();
  for (const [overlap, gaps] of [[5_000, []], [30_000, ["E 1000-"]]] as const) {
    const runs = [
      ["BE", 0, 1_000_000, "killed"],
      ["B", 1_000_000 - overlap, 1_500_000, "stopped"],
    ] as const;
    assert.deepEqual(await gapsAfter(test, ...runs), ["B 1500-", "E 1000-"]);
    const next = goesOn("B", 1_499_000);
    assert.deepEqual(await gapsAfter(test, ...runs, next), gaps, `${overlap} ms`);
  }
  const again = [["BE", 1_600_000, 1_700_000, "stopped"], goesOn("B", 1_699_000)] as const;
  assert.deepEqual(
    await gapsAfter(test, ["BE", 0, 1_000_000, "killed"], ["B", 970_000, 1_601_000, "stopped"], ...again),
    ["E 1000-1600"],
    "it was put in and taken out once more",
  );
});

Deno.test("whatever runs overlap, and however they end, the gaps are those of a plain model", async () => {
  await using test = await coverageDatabase();
  const counts = { open: 0, ended: 0, none: 0 };
  await fc.assert(
    fc.asyncProperty(runs, async (some) => {
      const gaps = await gapsAfter(test, ...some);
      assert.deepEqual(gaps, modelGaps(some));
      for (const gap of gaps) counts[gap.endsWith("-") ? "open" : "ended"]++;
      if (gaps.length === 0) counts.none++;
    }),
    { numRuns: 150 },
  );
  for (const count of Object.values(counts)) assert.ok(count > 10, JSON.stringify(counts));
});
