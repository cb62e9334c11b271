import assert from "node:assert/strict";
import { createSink } from "../consumers/postgres/sink.ts";
import { migrate } from "../migrations/run.ts";
import { makeRoles } from "../migrations/roles.ts";
import { connect } from "../shared/postgres/mod.ts";
import { coverage } from "../shared/streams/coverage.ts";
import { coverageDatabase, EPOCH, gapsOf, heartbeat, interval, keepGaps, NOW } from "./coverage.ts";
import { silent } from "./silent.ts";
import { emptyDatabase } from "./stack.ts";

const at = (ms: number) => new Date(EPOCH + ms);

Deno.test("any number of jobs at once, while intervals are stored, give what one gives", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  const symbols = Array.from({ length: 20 }, (_, n) => `S${n}USDT`);
  const rounds = async () => {
    for (let n = 0; n < 30; n++) await sql`select * from websocket.keep_gaps()`;
  };
  const fill = async () => {
    for (let n = 0; n < 20; n++) {
      await store(...symbols.map((symbol) => interval(["a/1", symbol, 100 * n, 100 * n + 50, "overflow"])));
    }
  };
  await Promise.all([fill(), rounds(), rounds(), rounds()]);
  await keepGaps(sql);
  const gaps = await gapsOf(sql);
  assert.equal(gaps.length, 20 * 20);
  assert.equal(gaps.filter(({ state }) => state === "open").length, 20);
});

Deno.test("a second job does not wait for one that is under way", async () => {
  await using test = await coverageDatabase();
  const { sql, store } = test;
  await store(interval(["a/1", "BTCUSDT", 0, 50, "stopped"]));
  await sql.begin(async (first) => {
    await first`select * from websocket.keep_gaps()`;
    const [{ done }] = await sql`select * from websocket.keep_gaps()`;
    assert.equal(done, null);
  });
  assert.equal((await gapsOf(sql)).length, 1);
});

Deno.test("intervals of days that the ticks' table no longer keeps are forgotten, and gaps of theirs stay", async () => {
  await using test = await coverageDatabase();
  const { sql, store, clock } = test;
  const DAY = 86_400_000;
  await store(
    interval(["a/1", "BTCUSDT", 0, 100, "overflow"]),
    interval(["a/1", "BTCUSDT", 200, 300, "overflow"]),
    interval(["a/1", "BTCUSDT", 9 * DAY, 9 * DAY + 100, "stopped"]),
  );
  await keepGaps(sql);
  const before = await gapsOf(sql);
  await sql`
    create or replace function websocket.kept_since(table_name text) returns date language sql
    security definer set search_path = pg_catalog, websocket, pg_temp return date '2127-08-15'`;
  await clock(9 * DAY + NOW);
  await keepGaps(sql);
  // What arrives a second time is of no consequence.
  await store(interval(["a/1", "BTCUSDT", 200, 300, "overflow"]));
  await sql`update websocket.coverage_reads set read_at = websocket.now()`;
  await keepGaps(sql);
  const rows =
    await sql`select covered_from from websocket.coverage_data where covered_to < '2127-08-15' and covered_from = ${
      at(0)
    }`;
  assert.equal(rows.length, 0);
  assert.deepEqual(
    (await gapsOf(sql)).map(({ from, to }) => [from, to]),
    before.map(({ from, to }) => [from, to]),
  );
});

Deno.test("bookline_writer stores coverage and runs the job", async () => {
  await using test = await coverageDatabase();
  const { sql, database } = test;
  const passwords = { bookline_writer: crypto.randomUUID(), grafana_reader: crypto.randomUUID() };
  await makeRoles(sql, "websocket", passwords, silent);
  const config = { ...database.config, user: "bookline_writer", password: passwords.bookline_writer };
  await using sink = createSink(coverage, config, silent);
  await sink.open();
  assert.deepEqual(
    await sink.write(() => [interval(["a/1", "BTCUSDT", 0, 50, "stopped"]), heartbeat("a/1", 0, 60)]),
    [],
  );
  const writer = connect(config, silent);
  await writer`select websocket.note_coverage_read(0, 1, 5)`;
  await writer`select * from websocket.keep_gaps()`;
  await writer.end();
  assert.equal((await gapsOf(sql)).length, 1);
});

Deno.test("gaps of the first version become those of their feeds, stored ones and those that are read later", async () => {
  await using database = await emptyDatabase();
  const { sql } = database;
  const names = (await Array.fromAsync(Deno.readDir(new URL("../migrations/", import.meta.url))))
    .map(({ name }) => name).filter((name) => /^00(0\d|1[0-2])_/.test(name)).sort();
  for (const name of ["setup.sql", ...names]) {
    await sql.unsafe(await Deno.readTextFile(new URL(`../migrations/${name}`, import.meta.url)));
  }
  await sql`insert into websocket.migrations select n, 'former' from generate_series(1, 12) as n`;
  await sql`
    insert into websocket.kline_data
    select 'BTCUSDT', interval, 'epoch', 'epoch', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, true, 'epoch', 'epoch'
    from unnest('{1m,1h}'::text[]) as interval`;
  const former = [
    ["kline", "BTCUSDT", 0, 100, "restart"],
    ["kline", "BTCUSDT", 0, 50, "mute stream"],
    ["book", "ETHUSDT", 10, 20, "buffer overflow"],
  ] as const;
  for (const [stream, symbol, from, to, reason] of former) {
    await sql`insert into websocket.gap_data values (${stream}, ${symbol}, ${at(from)}, ${
      at(to)
    }, ${reason}, 3)`;
  }
  await migrate(sql, "websocket", silent);
  const rows = () =>
    sql`
    select feed, cause, state, reason, dropped::int, extract(epoch from ended_at - started_at)::float8 * 1000 as ms
    from websocket.gap_data order by feed, started_at`.values();
  const expected = [
    ["btcusdt@kline_1h", "coverage", "unrepaired", "restart", 3, 100],
    ["btcusdt@kline_1m", "coverage", "unrepaired", "restart", 3, 100],
    ["ethusdt@bookTicker", "coverage", "lost", "buffer overflow", 3, 10],
  ];
  assert.deepEqual([...await rows()], expected);
  await sql`
    insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason)
    values
      ('book', 'ETHUSDT', 'ETHUSDT', ${at(10)}, ${at(90)}, 'restart'),
      ('kline', 'NEWUSDT', 'NEWUSDT', ${at(0)}, ${at(7)}, 'restart')`;
  assert.deepEqual([...await rows()], [
    expected[0],
    expected[1],
    ["ethusdt@bookTicker", "coverage", "lost", "buffer overflow", 3, 80],
    ["newusdt@kline_1m", "coverage", "unrepaired", "restart", null, 7],
  ]);
});
