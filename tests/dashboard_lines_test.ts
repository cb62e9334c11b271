import assert from "node:assert/strict";
import type { Sql } from "../shared/postgres/mod.ts";
import { chosen, createReader, HOUR, lastHour, noon, queryOf, rowsOf } from "./dashboard_market.ts";
import { testDatabase } from "./stack.ts";
import { store, tick } from "./ticks.ts";

const start = noon - HOUR;
/** A time so many seconds after the start of the range. */
const at = (second: number) => new Date(start + second * 1_000);

/** Stores quotes of a symbol at those seconds of the range. */
async function quotes(sql: Sql, seconds: number[], symbol = "BTCUSDT"): Promise<void> {
  await store(sql, seconds.map((second) => tick(at(second).getTime(), { symbol })));
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
}

/** Has a producer cover the book of BTCUSDT in those seconds. */
async function cover(sql: Sql, since: number, until: number, reason = "stopped"): Promise<void> {
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    values (${`${since}`}, 's', 'book', 'btcusdt@bookTicker', 'BTCUSDT', ${at(since)}, ${
    at(until)
  }, ${reason}, 1)`;
}

async function gap(sql: Sql, since: number, until: number | null, state = "lost"): Promise<void> {
  await sql`
    insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, state)
    values ('book', 'btcusdt@bookTicker', 'BTCUSDT', ${at(since)}, ${
    until === null ? null : at(until)
  }, 'mute', ${state})`;
}

/** Which intervals of 10 s, counted from the first that has a row, the line of BTCUSDT has a value in: `#`, else `.`. */
async function line(sql: Sql, title: string): Promise<string> {
  const rows = (await rowsOf(sql, queryOf(title), lastHour)).filter(({ metric }) => metric === "BTCUSDT");
  return rows.map((row) => Object.values(row)[2] === null ? "." : "#").join("");
}

const titles = ["Spread", "Returns", "Imbalance", "Delay, exchange → received"];

Deno.test("a line goes on where a market was quiet but covered, and has a hole where something is missing", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await quotes(sql, [5, 65, 125]);
  await cover(sql, 0, 70);
  await gap(sql, 70, 101);
  await cover(sql, 101, 300);
  for (const title of titles) {
    // It is quiet for a minute. The hole is from 70 s on; what stood after its end at 101 s nobody knows until the quote at 125 s.
    assert.equal(await line(sql, title), "#######.....#", title);
  }
});

Deno.test("a hole within an interval that has quotes is not seen, but one that goes on beyond it ends the line", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await quotes(sql, [5, 8, 45]);
  await cover(sql, 0, 300);
  await gap(sql, 6, 7);
  assert.equal(await line(sql, "Spread"), "#####");
  await gap(sql, 9, 11);
  assert.equal(await line(sql, "Spread"), "#...#");
});

Deno.test("what was repaired is no hole", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await quotes(sql, [5, 45]);
  await cover(sql, 0, 300);
  await gap(sql, 15, 25, "repaired");
  assert.equal(await line(sql, "Spread"), "#####");
});

Deno.test("without any word of coverage a line has a hole wherever nothing is stored", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await quotes(sql, [5, 15, 45]);
  assert.equal(await line(sql, "Spread"), "##..#");
});

Deno.test("a quote stands for five minutes at most", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await quotes(sql, [5, 365]);
  await cover(sql, 0, 600);
  assert.equal(await line(sql, "Spread"), "#".repeat(31) + ".".repeat(5) + "#");
});

Deno.test("the rate of a feed that is dead falls to 0 and stays there up to the end of the range", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const view = { ...lastHour, from: at(3), to: at(63), points: 6 };
  await quotes(sql, [5, 15, 16, 33, 61]);
  await quotes(sql, [55], "ETHUSDT");
  const rates = async (symbol: string) => {
    const rows = await rowsOf(sql, queryOf("Quotes a second"), {
      ...view,
      variables: chosen(["BTCUSDT", "ETHUSDT"]),
    });
    return rows.filter(({ metric }) => metric === symbol).map(({ rate }) => Number(rate));
  };
  // Of whole intervals: what is cut by the range's ends would be told as too little.
  assert.deepEqual(await rates("BTCUSDT"), [0.2, 0, 0.1, 0, 0]);
  assert.deepEqual(await rates("ETHUSDT"), [0, 0, 0, 0, 0.1]);
  assert.deepEqual(await rates("NEVERUSDT"), []);
});

Deno.test("a rate goes up to 3 s ago, as the rollup is that far behind", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const [{ now }] = await sql<{ now: Date }[]>`select now()`;
  await store(sql, [tick(now.getTime() - 300_000)]);
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  const view = { ...lastHour, from: new Date(now.getTime() - HOUR), to: now };
  const rows = await rowsOf(sql, queryOf("Quotes a second"), view);
  const last = rows.at(-1)!.time as Date;
  assert.ok(now.getTime() - last.getTime() < 40_000, last.toISOString());
});
