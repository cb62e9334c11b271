import assert from "node:assert/strict";
import {
  annotation,
  chosen,
  createReader,
  HOUR,
  lastHour,
  noon,
  queryOf,
  rowsOf,
  smallMarket,
} from "./dashboard_market.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { testDatabase } from "./stack.ts";

/** The rows of a panel as lists; times by their time of day, numbers rounded. */
async function tableOf(sql: Sql, title: string): Promise<unknown[][]> {
  const plain = (value: unknown) =>
    value instanceof Date
      ? value.toISOString().slice(11, 19)
      : typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)
      ? Math.round(Number(value) * 1e6) / 1e6
      : value;
  return (await rowsOf(sql, queryOf(title), lastHour)).map((row) => Object.values(row).map(plain));
}

/** Stores a gap of a book or of candles of those symbols, that long before noon, in minutes; null: it goes on. */
async function gap(
  sql: Sql,
  symbols: string[],
  since: number,
  until: number | null,
  fields: Record<string, unknown> = {},
) {
  const { stream = "book", reason = "lost connection", state = until === null ? "open" : "lost" } = fields;
  for (const symbol of symbols) {
    await sql`
      insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, state)
      values (${stream as string}, ${`${symbol.toLowerCase()}@${stream}`}, ${symbol}, ${new Date(
      noon - since * 60_000,
    )},
        ${until === null ? null : new Date(noon - until * 60_000)}, ${reason as string}, ${state as string})`;
  }
}

Deno.test("coverage and gaps are those of a case computed by hand", async () => {
  await using database = await testDatabase();
  await smallMarket(database.sql);
  assert.deepEqual(await tableOf(database.sql, "Coverage"), [
    // 54 minutes less 2 s: what was repaired is not missing, nor is what came before the first coverage.
    ["ETHUSDT", "11:54:00", 89.944444, null, null, 2],
    // Half an hour: the gap of an hour earlier began before the first coverage.
    ["BTCUSDT", null, null, 50, null, 1],
  ]);
  const rows = (await tableOf(database.sql, "Gaps")).map((
    [from, to, length, ...rest],
  ) => [from, to, to === null ? Number(length) > 360 : length, ...rest]);
  assert.deepEqual(rows, [
    ["11:54:00", null, true, "open", "kline", "ETHUSDT", "no heartbeat", null],
    ["11:40:00", "11:50:00", 600, "repaired", "kline", "ETHUSDT", "mute", null],
    ["11:30:00", "11:30:02", 2, "unrepaired", "kline", "ETHUSDT", "buffer overflow", 12],
    ["11:15:00", "11:45:00", 1800, "unknown", "book", "BTCUSDT", "mute", null],
    ["09:00:00", "11:00:05", 7205, "lost", "book", "BTCUSDT", "lost connection", null],
  ]);
});

Deno.test("a feed that is covered from the middle of the range on is covered in full: nobody wanted it before", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    values ('s', 's', 'trade', 'btcusdt@aggTrade', 'BTCUSDT', ${new Date(noon - HOUR / 2)}, ${new Date(
    noon,
  )}, 'stopped', 1)`;
  assert.deepEqual(await tableOf(sql, "Coverage"), [["BTCUSDT", null, null, null, 100, 0]]);
});

Deno.test("the proof says how many candles equal their trades, of how many, by symbol and day; those with differences come first", async () => {
  await using database = await testDatabase();
  await smallMarket(database.sql);
  assert.deepEqual(await tableOf(database.sql, "Proof"), [
    ["2024-08-08", "ETHUSDT", 690, 720, 718, 701, 10, 5, 2, 1, 2],
    ["2024-08-08", "BTCUSDT", 700, 720, 718, 701, 10, 5, 2, 1, 0],
  ]);
});

Deno.test("an incident of all feeds is one row of the gaps, and one that begins a minute later is another", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await gap(sql, ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"], 30.1, 20, { state: "lost" });
  await gap(sql, ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"], 30, 20.1, {
    stream: "kline",
    state: "repaired",
  });
  await gap(sql, ["BTCUSDT"], 29, 10, { reason: "mute" });
  assert.deepEqual((await tableOf(sql, "Gaps")).map(([from, to, , ...rest]) => [from, to, ...rest]), [
    ["11:31:00", "11:50:00", "lost", "book", "BTCUSDT", "mute", null],
    ["11:29:54", "11:40:00", "lost, repaired", "book, kline", "4 symbols", "lost connection", null],
  ]);
});

Deno.test("a band marks an incident once, of the chosen symbols alone, and no band lies on another", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await gap(sql, ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"], 30, 20);
  await gap(sql, ["BTCUSDT", "ETHUSDT"], 29, 19, { stream: "kline", reason: "mute", state: "repaired" });
  await gap(sql, ["ETHUSDT"], 10, 9);
  await gap(sql, ["SOLUSDT"], 5, 4);
  const bands = async (symbols: string[]) => {
    const rows = await rowsOf(sql, annotation, { ...lastHour, variables: chosen(symbols) });
    const minutes = (value: unknown) => (noon - (value as Date).getTime()) / 60_000;
    return rows.map(({ time, timeend, text }) => [minutes(time), minutes(timeend), text]);
  };
  assert.deepEqual(await bands(["BTCUSDT"]), [[
    30,
    19,
    "lost connection, mute: book, kline of BTCUSDT, lost, repaired",
  ]]);
  assert.deepEqual(await bands(["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"]), [
    [5, 4, "lost connection: book of SOLUSDT, lost"],
    [10, 9, "lost connection: book of ETHUSDT, lost"],
    [30, 19, "lost connection, mute: book, kline of 4 symbols, lost, repaired"],
  ]);
});

Deno.test("a band of a gap that goes on ends now", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  await gap(sql, ["BTCUSDT"], 30, null);
  const [{ timeend }] = await rowsOf(sql, annotation, lastHour);
  assert.ok(Math.abs((timeend as Date).getTime() - Date.now()) < 60_000);
});

Deno.test("while nobody reads the coverage topic, what was told last ends what is covered, and is shown as a gap", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const from = new Date(noon - HOUR);
  await sql`
    insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
    values
      ('s', 's', 'book', 'btcusdt@bookTicker', 'BTCUSDT', ${from}, ${from}, 'open', 1),
      ('s', 's', 'book', '', '', ${from}, ${new Date(noon - HOUR / 2)}, 'open', 1)`;
  const covered = async () => (await tableOf(sql, "Coverage")).map((row) => [row[3], row[5]]);
  await sql`insert into websocket.coverage_reads values (0, 1, now(), now())`;
  assert.deepEqual(await tableOf(sql, "Gaps"), []);
  assert.deepEqual(await covered(), [[100, 0]]);
  await sql`update websocket.coverage_reads set read_at = now() - interval '11 s'`;
  assert.deepEqual(await covered(), [[50, 1]]);
  const [[since, until, , ...rest]] = await tableOf(sql, "Gaps");
  assert.deepEqual(
    [since, until, ...rest],
    ["11:30:00", null, "unknown", "book", "BTCUSDT", "coverage is not read", null],
  );
});
