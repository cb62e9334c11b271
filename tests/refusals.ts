import assert from "node:assert/strict";
import type { z } from "zod";

/** Values of every wrong kind for a field that holds a value of the same type as the sample's. */
function wrongValues(sample: unknown): unknown[] {
  if (typeof sample === "number") return ["1", 2 ** 53, 1.5, null, NaN];
  if (typeof sample === "boolean") return ["true", 1, null];
  if (typeof sample === "object") return ["{}", null, []];
  const odd = [1, "", " 1", "n/a?", null];
  return /^\d/.test(String(sample)) ? [...odd, "1e5", "0x1", "1,5"] : odd;
}

/** Tests, a test a field, that a payload which lacks the field, or holds nonsense in it, is refused. */
export function refusals(what: string, schema: z.ZodType, sample: object, paths: string[]): void {
  for (const path of paths) {
    Deno.test(`${what} without \`${path}\`, or with nonsense in it, is refused by that name`, () => {
      const names = path.split(".");
      const field = names.at(-1)!;
      const holder = (of: object) =>
        names.slice(0, -1).reduce((at, name) => (at as Record<string, object>)[name], of) as Record<
          string,
          unknown
        >;
      const good = holder(sample)[field];
      for (const value of [undefined, ...wrongValues(good)]) {
        const changed = structuredClone(sample);
        holder(changed)[field] = value;
        const { error } = schema.safeParse(changed);
        assert.deepEqual(error?.issues[0].path.slice(0, names.length), names, `${path} = ${String(value)}`);
      }
      assert.ok(schema.safeParse(sample).success);
    });
  }
}
