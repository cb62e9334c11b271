import assert from "node:assert/strict";
import fc from "fast-check";
import { type Part, stack, widthOf, wrap } from "./rows.ts";

/** A part whose rows are its name. */
const part = (name: string, rank: number, count: number): Part => ({
  rank,
  rows: (most) => Array.from({ length: Math.min(most, count) }, () => [{ text: name }]),
});
const names = (parts: Part[], height: number) => stack(parts, height).map((row) => row[0]?.text ?? "");

Deno.test("where there is no room for all parts, those of a low rank go", () => {
  const parts = [part("a", 1, 2), part("b", 3, 2), part("c", 2, 2)];
  assert.deepEqual(names(parts, 1), ["b"]);
  assert.deepEqual(names(parts, 3), ["b", "b", "c"]);
  assert.deepEqual(names(parts, 5), ["a", "b", "b", "c", "c"]);
});

Deno.test("room that is left becomes blank rows between the parts", () => {
  const parts = [part("a", 1, 1), part("b", 3, 1), part("none", 4, 0), part("c", 2, 1)];
  assert.deepEqual(names(parts, 4), ["a", "", "b", "c"]);
  assert.deepEqual(names(parts, 9), ["a", "", "b", "", "c"]);
});

Deno.test("a text is broken between words, and a word that is too long within", () => {
  assert.deepEqual(wrap("! book:produce: no frame", 14), ["!", "book:produce:", "no frame"]);
  assert.deepEqual(wrap("one abcdefghij", 8), ["one", "abcdefgh", "ij"]);
  assert.deepEqual(wrap("one two three", 8), ["one two", "three"]);
  assert.deepEqual(wrap("", 8), [""]);
});

Deno.test("no line of a broken text is too wide, and none of its letters is lost", () => {
  fc.assert(fc.property(
    fc.array(fc.constantFrom("a", "bc", "币安", "long-word-of-many-letters"), { maxLength: 12 }),
    fc.integer({ min: 2, max: 20 }),
    (words, columns) => {
      const lines = wrap(words.join(" "), columns);
      assert.ok(lines.every((line) => widthOf(line) <= columns), JSON.stringify(lines));
      assert.equal(lines.join("").replaceAll(" ", ""), words.join(""));
    },
  ));
});
