import assert from "node:assert/strict";
import { lostOf } from "./stored_files.ts";

Deno.test("what is gone of a file is told by its own rows, whatever others there are", () => {
  const file = { path: "", noted: 1_439, present: 1_438, had: 1_437, kept: 1_436 };
  assert.equal(lostOf(file), 1);
  assert.equal(lostOf({ ...file, kept: 1_437 }), 0, "what others stored may go");
  assert.equal(
    lostOf({ ...file, had: 1_440, kept: null }),
    2,
    "of a file that has all candles those that are there are its own",
  );
});

Deno.test("of a file of which only the number of rows is known, as many must be there", () => {
  const file = { path: "", noted: 1_439, had: null, kept: null };
  assert.deepEqual([1_438, 1_439, 1_440].map((present) => lostOf({ ...file, present })), [1, 0, 0]);
});
