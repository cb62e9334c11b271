import assert from "node:assert/strict";
import fc from "fast-check";
import { RefusedError } from "../sink.ts";
import { isolateRefused } from "./isolate.ts";

const failure = (code: string, constraint_name?: string) =>
  Object.assign(new Error(`refused by ${code}`), { code, constraint_name });

/** A table that refuses rows by an error, and what it holds. */
function tableThat(refuses: (row: number) => boolean, code = "22003") {
  const stored = new Set<number>();
  let writes = 0;
  return {
    stored,
    writes: () => writes,
    write(part: readonly number[]) {
      writes++;
      if (part.some(refuses)) return Promise.reject(failure(code));
      for (const row of part) stored.add(row);
      return Promise.resolve();
    },
  };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("if most rows are refused, none is bad, and few are tried", async () => {
  const table = tableThat(() => true);
  await assert.rejects(
    isolateRefused(upTo(20_000), table.write),
    (error) =>
      error instanceof RefusedError && /17 of 17 rows are refused.*refused by 22003/.test(error.message),
  );
  assert.ok(table.writes() < 100, `${table.writes()} writes`);
  await assert.rejects(isolateRefused(upTo(1), table.write), RefusedError);
  await assert.rejects(isolateRefused(upTo(3), tableThat((row) => row > 0).write), RefusedError);
});

Deno.test("an error that no row can cause is thrown unchanged", async () => {
  await assert.rejects(isolateRefused(upTo(10), tableThat((row) => row === 3, "42501").write), {
    code: "42501",
  });
});

Deno.test("a batch that takes too long is written in halves, until each is written in time", async () => {
  const stored: number[] = [];
  const write = (part: readonly number[]) => {
    if (part.length > 100) return Promise.reject(failure("57014"));
    stored.push(...part);
    return Promise.resolve();
  };
  assert.deepEqual(await isolateRefused(upTo(1_000), write), []);
  assert.deepEqual(stored.toSorted((a, b) => a - b), upTo(1_000));
  await assert.rejects(isolateRefused(upTo(8), () => Promise.reject(failure("57014"))), { code: "57014" });
});

Deno.test("exactly the bad rows are found, in order, and all others are stored", async () => {
  const rows = fc.array(fc.boolean(), { maxLength: 200 })
    .filter((bad) => bad.filter(Boolean).length * 4 <= bad.length);
  await fc.assert(fc.asyncProperty(rows, async (bad) => {
    const table = tableThat((row) => bad[row]);
    const refused = await isolateRefused([...bad.keys()], table.write);
    assert.deepEqual(refused.map(({ index }) => index), [...bad.keys()].filter((row) => bad[row]));
    assert.deepEqual([...table.stored].toSorted((a, b) => a - b), [...bad.keys()].filter((row) => !bad[row]));
  }));
});

Deno.test("bad rows that come together, at the beginning or the end, are found among many good ones", async () => {
  for (const isBad of [(row: number) => row < 200, (row: number) => row >= 800]) {
    const refused = await isolateRefused(upTo(1_000), tableThat(isBad).write);
    assert.equal(refused.length, 200);
  }
});

Deno.test("a refused row that is accepted after the table is repaired is not bad", async () => {
  let writes = 0;
  const table = tableThat(() => writes++ < 5);
  assert.deepEqual(await isolateRefused(upTo(8), table.write), []);
  assert.deepEqual([...table.stored].toSorted(), upTo(8));
});

Deno.test("if the table is altered and refuses rows that it accepted before, no row is bad", async () => {
  let stored = 0;
  const table = tableThat(() => stored >= 7);
  const write = (part: readonly number[]) => {
    if (part.length > 1) return Promise.reject(failure("22003"));
    return table.write(part).then(() => void stored++);
  };
  await assert.rejects(isolateRefused(upTo(8), write), RefusedError);
});
