import assert from "node:assert/strict";
import { ConfigError } from "./config.ts";
import { formerSettings, warnOfFormerSettings } from "./former_settings.ts";
import { createLog } from "../log.ts";

Deno.test("a former setting that is no number of days is refused by its name", () => {
  assert.throws(
    () => formerSettings({ BOOK_RETENTION_DAYS: "1.5" }),
    (error: Error) =>
      error instanceof ConfigError && /^Cannot use BOOK_RETENTION_DAYS: .*7$/.test(error.message),
  );
});

Deno.test("former settings are read where they are set, for the migration that takes them over", () => {
  assert.deepEqual(formerSettings({ BOOK_RETENTION_DAYS: " 31 ", ROLLUP_RETENTION_DAYS: "" }), {
    book_retention_days: "31",
  });
});

Deno.test("who still sets one is told that it has no effect, and by what the retention is changed", () => {
  const lines: string[] = [];
  warnOfFormerSettings({ BOOK_RETENTION_DAYS: "1" }, createLog("test", "info", (line) => lines.push(line)));
  assert.equal(lines.length, 1);
  assert.match(lines[0], /BOOK_RETENTION_DAYS has no effect.*deno task retention/);
});
