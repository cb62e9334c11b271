/** Tests of the SQL that tells which rows a file has. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { heldIn, positionsOf } from "../history/positions.ts";
import { kline } from "../shared/streams/kline.ts";
import { trade } from "../shared/streams/trade.ts";
import { emptyDatabase } from "./stack.ts";

/** The runs of numbers that are `step` apart, as Postgres writes them. */
function runsOf(numbers: readonly number[], step: number): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last?.[1] === number) last[1] += step;
    else runs.push([number, number + step]);
  }
  return `{${runs.map(([first, end]) => `[${first},${end})`).join()}}`;
}

Deno.test("what a file has is told as runs of ids, or of the times of its candles", async () => {
  await using database = await emptyDatabase();
  const { sql } = database;
  const first = Date.UTC(2024, 1, 29);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (isThere) => {
      const places = isThere.flatMap((there, n) => there ? [n] : []);
      for (
        const [positions, value, numbers] of [
          [positionsOf(trade, ""), "one + 7", places.map((place) => place + 7)],
          [
            positionsOf(kline, "1m"),
            `to_timestamp(${first / 1_000} + one * 60)`,
            places.map((place) => first + place * 60_000),
          ],
        ] as const
      ) {
        const rows =
          `from (select ${value} as ${positions.column} from unnest('{${places}}'::bigint[]) as one) as two`;
        const [{ held }] = await sql.unsafe(`select ${heldIn(positions, rows)}::text as held`);
        assert.equal(held, runsOf(numbers, positions.step));
      }
    }),
    { numRuns: 50 },
  );
});
