import assert from "node:assert/strict";
import fc from "fast-check";
import { isNewer } from "../../shared/order.ts";
import type { MessageType } from "../../shared/stream.ts";
import { anyDecimal, anyTime } from "../../tests/arbitraries.ts";
import { silent } from "../../tests/silent.ts";
import { emptyDatabase } from "../../tests/stack.ts";
import { parseDatabaseUrl } from "../../shared/postgres/url.ts";
import { newestPerRow } from "../decode.ts";
import { createSink } from "./sink.ts";
import { type Sample, sample, sampleStream, sampleTable } from "./test_stream.ts";

/** The few values that a field takes in all versions: only then are many of them equal, and later fields decide. */
const few = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: 1, maxLength: 3 });
const withNull = <T>(pool: fc.Arbitrary<readonly T[]>): fc.Arbitrary<readonly (T | null)[]> =>
  pool.chain((values) => fc.constantFrom([null], [null, ...values], values));

const nines = "9".repeat(32);
const zeros = "0".repeat(31);
/** Decimals that are equal but written differently, or that floating-point numbers or texts would confuse. */
const anySizes = fc.oneof(
  fc.constantFrom(
    ["0", "-0", "0.00", `0.${zeros}1`, `-0.${zeros}1`],
    ["1", "1.0", "001.000"],
    ["-1", "-1.0", "-1.1", "-1.10", "-2"],
    [nines, `${nines}.0`, `${nines}.${zeros}1`],
    [`-${nines}`, `-${nines}.${zeros}0`, `-${nines}.${zeros}1`],
    ["9", "10", "9.9", "09.90"],
    ["9007199254740992", "9007199254740993"],
  ),
  few(anyDecimal),
);
const anyCounts = few(fc.oneof(fc.constantFrom(-1, 0, 1), fc.maxSafeInteger()));
const anyTimes = few(fc.oneof(fc.constantFrom(0, 1_790_000_000_000, 1_790_000_000_001), anyTime));
const anyFlags = few(fc.boolean());

const pools = {
  size: anySizes,
  sizeOrNull: withNull(anySizes),
  count: anyCounts,
  countOrNull: withNull(anyCounts),
  at: anyTimes,
  atOrNull: withNull(anyTimes),
  isFinal: anyFlags,
  isFinalOrNull: withNull(anyFlags),
};
const fields = Object.keys(pools) as (keyof typeof pools)[];

/** Versions of two rows, each with its place as `nth`. */
const anyVersions = fc.record(pools).chain((pools) => {
  const { size, sizeOrNull, count, countOrNull, at, atOrNull, isFinal, isFinalOrNull } = pools;
  const version = fc.record({
    symbol: fc.constantFrom("A", "B"),
    size: fc.constantFrom(...size),
    sizeOrNull: fc.constantFrom(...sizeOrNull),
    count: fc.constantFrom(...count),
    countOrNull: fc.constantFrom(...countOrNull),
    at: fc.constantFrom(...at),
    atOrNull: fc.constantFrom(...atOrNull),
    isFinal: fc.constantFrom(...isFinal),
    isFinalOrNull: fc.constantFrom(...isFinalOrNull),
    detailOrNull: fc.constantFrom(null, { a: 1 }, { a: 2 }),
  });
  return fc.array(version, { minLength: 1, maxLength: 30 });
}).map((all) => all.map((one, nth) => sample({ ...one, nth })));

/**
 * Of each row the version that no other is newer than; of equals the first. What it lacks of the detail is that of the last version before
 * it that was newer than all before, and that has one.
 */
function preferred(type: MessageType<Sample>, messages: readonly Sample[]): string[] {
  const rows = Map.groupBy(messages, ({ symbol }) => symbol);
  return [...rows.values()].map((versions) => {
    const { symbol, nth } = versions.find((one) => !versions.some((other) => isNewer(type, other, one)))!;
    const stored = versions.filter((one, i) =>
      versions.slice(0, i).every((other) => isNewer(type, one, other))
    );
    const detail = stored.findLast(({ detailOrNull }) => detailOrNull !== null)?.detailOrNull;
    return `${symbol} ${nth} ${detail?.a ?? "none"}`;
  }).sort();
}

Deno.test("a sink is refused before it connects if its stream's versions are ordered by JSON or a text", () => {
  const nowhere = parseDatabaseUrl("postgres://nobody@127.0.0.1:1/none");
  for (const field of ["detail", "symbol"] as const) {
    assert.throws(
      () => createSink(sampleStream([field]), { ...nowhere, schema: "websocket" }, silent),
      new RegExp(`Cannot order versions of sample by ${field}`),
    );
  }
});

Deno.test("whatever the fields of the version and the batches, the table holds the row that isNewer prefers", async () => {
  await using database = await emptyDatabase();
  await database.sql.unsafe(sampleTable);
  const anyOrder = fc.shuffledSubarray(fields, { minLength: 1, maxLength: 4 });
  const cuts = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(anyOrder, anyVersions, cuts, async (version, messages, cuts) => {
      const stream = sampleStream(version);
      await database.sql`truncate websocket.sample_data`;
      await using sink = createSink(stream, database.config, silent);
      for (let at = 0, i = 0; at < messages.length; i++) {
        const batch = messages.slice(at, at += cuts[i % cuts.length]);
        assert.deepEqual(await sink.write(() => newestPerRow(stream.message, batch)), []);
      }
      const rows = await database.sql`
        select symbol || ' ' || nth || ' ' || coalesce(detail_or_null->>'a', 'none') as row from websocket.sample_data`;
      assert.deepEqual(rows.map(({ row }) => row).sort(), preferred(stream.message, messages));
    }),
    { numRuns: 100 },
  );
});
