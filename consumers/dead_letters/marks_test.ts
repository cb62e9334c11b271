import assert from "node:assert/strict";
import fc from "fast-check";
import type { Incoming } from "../../shared/kafka/mod.ts";
import type { Letter } from "./letter.ts";
import { createMarks, isMark, markOf, type State } from "./marks.ts";

const extent = [{ partition: 0, low: 5, high: 40 }, { partition: 2, low: 0, high: 17 }, {
  partition: 3,
  low: 9,
  high: 9,
}];
const letterAt = (partition: number, offset: number): Letter => ({
  partition,
  offset,
  key: null,
  value: null,
  headers: {},
});
const utf8 = new TextEncoder();

/** A mark as it is read. */
function asRead(...[state, letters, reason]: Parameters<typeof markOf>): Incoming {
  const { value, headers } = markOf(state, letters, reason);
  const bytes = Object.entries(headers!).map(([name, text]) => [name, utf8.encode(text)]);
  return { key: null, value: utf8.encode(String(value)), offset: "0", headers: Object.fromEntries(bytes) };
}

Deno.test("the marks say what was done about each letter, in any order and however often they come", () => {
  const place = fc.tuple(fc.constantFrom(0, 2), fc.nat({ max: 60 }));
  const action = fc.tuple(fc.constantFrom<State>("replayed", "dropped"), fc.array(place, { maxLength: 10 }));
  fc.assert(fc.property(fc.array(action), (actions) => {
    const marks = createMarks(extent);
    const expected = new Map<string, State>();
    for (const [state, places] of actions) {
      marks.read(asRead(state, places.map(([partition, offset]) => letterAt(partition, offset)), "r"));
      for (const at of places) if (expected.get(`${at}`) !== "dropped") expected.set(`${at}`, state);
    }
    for (const { partition, low, high } of extent) {
      for (let offset = low; offset < high; offset++) {
        assert.equal(marks.stateOf(letterAt(partition, offset)), expected.get(`${partition},${offset}`));
      }
    }
  }));
});

Deno.test("the reasons of drops are counted by letter, each letter once", () => {
  const marks = createMarks(extent);
  marks.read(asRead("dropped", [letterAt(0, 7), letterAt(0, 8)], "a test's frames"));
  marks.read(asRead("dropped", [letterAt(0, 8), letterAt(2, 0)], "a test's frames"));
  marks.read(asRead("replayed", [letterAt(0, 9)]));
  assert.deepEqual([...marks.reasons], [["a test's frames", 3]]);
});

Deno.test("marks and letters are told apart", () => {
  assert.ok(isMark(asRead("replayed", [])));
  assert.ok(
    !isMark({ key: null, value: null, offset: "0", headers: { "bookline-cause": utf8.encode("c") } }),
  );
  assert.ok(!isMark({ key: null, value: null, offset: "0" }));
});
