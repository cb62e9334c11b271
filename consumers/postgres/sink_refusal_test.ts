import assert from "node:assert/strict";
import { book } from "../../shared/streams/book.ts";
import { silent } from "../../tests/silent.ts";
import { testDatabase } from "../../tests/stack.ts";
import { createSink } from "./sink.ts";
import { count, tick, ticks } from "./test_rows.ts";

/** Alters a table so that it takes no row, and back; in between both ways of writing fail by words, and refuse no row. */
async function takesNone(alter: string, repair: string, words: RegExp): Promise<void> {
  await using database = await testDatabase();
  await using sink = createSink(book, database.config, silent);
  assert.deepEqual(await sink.write(() => ticks(10)), []);
  await database.sql.unsafe(alter);
  for (const messages of [ticks(100, 10), [tick(10)], ticks(20)]) {
    await assert.rejects(sink.write(() => messages), words, alter);
  }
  await database.sql.unsafe(repair);
  assert.deepEqual(await sink.write(() => ticks(110)), []);
  assert.equal(await count(database.sql, "order_book_data"), 110);
}

const table = "websocket.order_book_data";

Deno.test("a table that is altered and accepts no row makes no row bad, and all are stored after the repair", async () => {
  await takesNone(
    `alter table ${table} add column mine text not null default ''; alter table ${table} alter mine drop default`,
    `alter table ${table} drop mine`,
    /the column mine, which is not Bookline's, is NOT NULL and has no default/,
  );
  await takesNone(
    `alter table ${table} alter bid_qty type text using bid_qty::text`,
    `alter table ${table} alter bid_qty type numeric using bid_qty::numeric`,
    /the column bid_qty is text instead of numeric/,
  );
});

Deno.test("a trigger or a constraint that refuses every row makes no row bad, whatever its error code", async () => {
  for (const code of ["22003", "23502", "P0001"]) {
    await takesNone(
      `create function refuse() returns trigger language plpgsql
        as $$ begin raise 'not on Sundays' using errcode = '${code}'; end $$;
      create trigger refuse before insert on ${table} for each row execute function refuse()`,
      "drop function refuse cascade",
      /rows are refused, so the cause is not their content: .*not on Sundays/,
    );
  }
  await takesNone(
    `alter table ${table} add constraint none check (update_id < 0) not valid`,
    `alter table ${table} drop constraint none`,
    /rows are refused, .*violates check constraint "none"/,
  );
  // Of the row that is there already as many are taken as refused.
  await takesNone(
    `alter table websocket.stale_seconds add column mine text not null default ''; alter table websocket.stale_seconds alter mine drop default`,
    "alter table websocket.stale_seconds drop mine",
    /rows are refused, .*null value in column "mine" of relation "stale_seconds"/,
  );
});

Deno.test("rows that a trigger refuses are bad if they are few, with the words of the trigger", async () => {
  await using database = await testDatabase();
  await using sink = createSink(book, database.config, silent);
  await database.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'not a round one'; end $$;
    create trigger refuse before insert on ${table} for each row when (new.update_id % 50 = 0)
      execute function refuse()`);
  const refused = await sink.write(() => ticks(100));
  assert.deepEqual(refused.map(({ index }) => index), [0, 50]);
  assert.match(refused[0].cause, /not a round one/);
  assert.equal(await count(database.sql, "order_book_data"), 98);
});

Deno.test("rows that belong to no partition are not bad, and are stored when there is one", async () => {
  await takesNone(
    "alter table websocket.order_book_data detach partition websocket.order_book_data_default",
    "alter table websocket.order_book_data attach partition websocket.order_book_data_default default",
    /no partition of relation/,
  );
});
