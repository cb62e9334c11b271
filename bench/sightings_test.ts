import assert from "node:assert/strict";
import fc from "fast-check";
import { connect } from "../shared/postgres/mod.ts";
import { silent } from "../tests/silent.ts";
import { testDatabase } from "../tests/stack.ts";
import { firstSeen, isVisible, microseconds, parseSnapshot, startWatch } from "./sightings.ts";

Deno.test("a snapshot shows what had ended when it was made", () => {
  const snapshot = parseSnapshot("10:20:12,15");
  const visible = [9, 10, 11, 12, 13, 15, 19, 20, 21].filter((one) => isVisible(one, snapshot));
  assert.deepEqual(visible, [9, 10, 11, 13, 19]);
  assert.deepEqual(parseSnapshot("7:7:"), { least: 7, next: 7, open: [] });
});

Deno.test("a transaction was first seen when no earlier sighting had it", () => {
  // Each sighting closes some of the transactions that the one before had open.
  const history = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 }).map((closing) => {
    const open = new Set(Array.from({ length: 10 }, (_, i) => 100 + i));
    return closing.map((one, at) => {
      open.delete(100 + one);
      return { at, least: Math.min(110, ...open), next: 110, open: [...open] };
    });
  });
  fc.assert(fc.property(history, fc.integer({ min: 100, max: 109 }), (sightings, transaction) => {
    assert.equal(
      firstSeen(transaction, sightings),
      sightings.find((sighting) => isVisible(transaction, sighting))?.at,
    );
  }));
});

Deno.test("another session's rows are seen once they are committed, not before", async () => {
  await using database = await testDatabase();
  await using watch = startWatch(connect(database.config, silent));
  const { transaction, committing } = await database.sql.begin(async (sql) => {
    const [{ id }] = await sql`select pg_current_xact_id()::text as id`;
    await sql`select pg_sleep(0.2)`;
    return { transaction: Number(id), committing: microseconds() };
  });
  const seen = firstSeen(transaction, await watch.stop());
  assert.ok(seen !== undefined && seen >= committing, `seen at ${seen}, committed after ${committing}`);
});
