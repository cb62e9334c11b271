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

/** Of each row the version that no other is newer than; of equals the first. */
function preferred(type: MessageType<Sample>, messages: readonly Sample[]): Sample[] {
  return [...Map.groupBy(messages, ({ symbol }) => symbol).values()].map((versions) =>
    versions.find((one) => !versions.some((other) => isNewer(type, other, one)))!
  );
}

/**
 * The details that a row may have: its version's own, or, where that lacks one, any of those that came before it. It has one if a version
 * that was the newest in its turn had one. A batch does not know the stored row, so of several versions it need not be the newest one's.
 */
function allowedDetails(
  type: MessageType<Sample>,
  messages: readonly Sample[],
  { symbol, nth, detailOrNull }: Sample,
) {
  if (detailOrNull !== null) return [detailOrNull.a];
  const before = messages.filter((one) => one.symbol === symbol && one.nth < nth);
  const isSure = before.some((one, i) =>
    one.detailOrNull !== null && before.slice(0, i).every((other) => isNewer(type, one, other))
  );
  return [
    ...before.flatMap((one) => one.detailOrNull === null ? [] : one.detailOrNull.a),
    ...isSure ? [] : [null],
  ];
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

Deno.test("whatever the fields of the version and the batches, the table holds the row that isNewer prefers, and no null replaces a value of it", async () => {
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
        select symbol, nth::float8 as nth, (detail_or_null->>'a')::float8 as detail from websocket.sample_data`;
      const wanted = preferred(stream.message, messages);
      assert.equal(rows.length, wanted.length);
      for (const one of wanted) {
        const row = rows.find(({ symbol }) => symbol === one.symbol);
        assert.equal(row?.nth, one.nth);
        const allowed = allowedDetails(stream.message, messages, one);
        assert.ok(allowed.includes(row.detail), `${row.detail} is none of ${allowed}`);
      }
    }),
    { numRuns: 100 },
  );
});
