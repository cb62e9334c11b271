import assert from "node:assert/strict";
import fc from "fast-check";
import { createMarks, decodeMark, encodeMark, isOtherLog, markOf } from "./mark.ts";

const utf8 = new TextEncoder();
const message = (offset: number, value = `${offset}`) => ({
  offset: String(offset),
  key: utf8.encode("k"),
  value: utf8.encode(value),
});
const held = { partition: 0, low: 60, high: 100 };

Deno.test("a log whose message at the mark is another one, or is not there any more, is another log", () => {
  const mark = markOf(message(80));
  assert.ok(isOtherLog(mark, held, markOf(message(80, "other")).checksum));
  assert.ok(isOtherLog(mark, held, undefined));
  assert.ok(isOtherLog(markOf(message(100)), held, undefined), "it was truncated");
  assert.ok(isOtherLog(mark, { partition: 0, low: 0, high: 0 }, undefined), "it is empty");
});

Deno.test("a log that still has the message of the mark, or of which retention deleted it, is the same", () => {
  const mark = markOf(message(80));
  assert.ok(!isOtherLog(mark, held, mark.checksum));
  assert.ok(!isOtherLog(markOf(message(59)), held, undefined));
  assert.ok(!isOtherLog(markOf(message(59)), { partition: 0, low: 100, high: 100 }, undefined));
});

Deno.test("metadata of other programs and of earlier versions has no mark", () => {
  for (
    const metadata of [null, "", "bookline", "bookline:1", "bookline:x:1", "bookline:1:xyz", "x bookline:1:2"]
  ) {
    assert.equal(decodeMark(metadata), undefined);
  }
});

Deno.test("a mark comes back from a commit's metadata as it was", () => {
  const mark = fc.record({ offset: fc.maxSafeNat(), checksum: fc.nat(2 ** 32 - 1) }, {
    noNullPrototype: true,
  });
  fc.assert(fc.property(mark, (mark) => assert.deepEqual(decodeMark(encodeMark(mark)), mark)));
});

Deno.test("messages of which a byte moves from the key to the value have other marks", () => {
  const [a, b] = [["ab", "c"], ["a", "bc"]].map(([key, value]) =>
    markOf({ offset: "1", key: utf8.encode(key), value: utf8.encode(value) })
  );
  assert.notEqual(a.checksum, b.checksum);
});

Deno.test("a commit has the mark of the last message before it, whatever has been read since", () => {
  const marks = createMarks();
  marks.read(0, [message(0), message(4)], 5);
  marks.read(0, [], 7); // messages of an aborted transaction
  marks.read(0, [message(7)], 8);
  marks.read(1, [message(3)], 4);
  assert.equal(marks.before(0, 4), undefined);
  assert.deepEqual([5, 7, 8].map((offset) => marks.before(0, offset)?.offset), [4, 4, 7]);
  assert.deepEqual([0, 1, 2].map((partition) => marks.newest(partition)?.offset), [7, 3, undefined]);
});

Deno.test("where reading goes back, what was read before is forgotten", () => {
  const marks = createMarks();
  marks.read(0, [message(99)], 100);
  marks.read(0, [message(9, "new")], 10);
  assert.deepEqual(marks.before(0, 200), markOf(message(9, "new")));
  marks.clear();
  assert.equal(marks.newest(0), undefined);
});

Deno.test("a batch that can't be read makes no mark", () => {
  const marks = createMarks();
  const damaged = { ...message(5), damage: { cause: "its checksum is wrong", records: 3 } };
  marks.read(0, [message(4), damaged], 8);
  assert.equal(marks.before(0, 8)?.offset, 4);
});
