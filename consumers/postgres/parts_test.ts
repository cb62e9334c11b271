import assert from "node:assert/strict";
import fc from "fast-check";
import { createEncoder } from "./encoder.ts";
import { encodeParts } from "./parts.ts";

const columns = { n: "bigint", text: "text" } as const;
type Row = { n: number; text: string };
const anyRow: fc.Arbitrary<Row> = fc.record({ n: fc.maxSafeInteger(), text: fc.string() });

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

Deno.test("batches are the same bytes as their rows in one batch", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyRow, { maxLength: 5 }), { maxLength: 5 }), async (batches) => {
      const bytes: number[] = [];
      for await (const part of encodeParts(each(batches), createEncoder<Row>({ columns }))) {
        bytes.push(...part);
      }
      assert.deepEqual(bytes, [...createEncoder<Row>({ columns })(batches.flat()) ?? []]);
    }),
  );
});
