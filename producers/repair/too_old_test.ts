import assert from "node:assert/strict";
import { silent } from "../../tests/silent.ts";
import { createTooOld } from "./too_old.ts";

Deno.test("that a range waits for the archive is said once, with the day of the file", () => {
  const said: Record<string, unknown>[] = [];
  const note = createTooOld({ ...silent, warn: (_message, fields = {}) => void said.push(fields) });
  const range = {
    ...{ stream: "trade", feed: "btcusdt@aggTrade", symbol: "BTCUSDT", first: 5, last: 9, positions: 5 },
    ...{ startsAt: Date.UTC(2026, 9, 1, 23), finalAt: 0, reachEndsAt: 0 },
  };
  note([range]);
  note([range, { ...range, first: 20, last: 29 }]);
  assert.deepEqual(said.map(({ missing, file_of }) => [missing, file_of]), [[5, "2026-10-01"], [
    10,
    "2026-10-01",
  ]]);
});
