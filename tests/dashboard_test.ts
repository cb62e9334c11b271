import assert from "node:assert/strict";
import { dashboard } from "../grafana/dashboard.ts";
import { expand, type View } from "../grafana/macros.ts";
import {
  candle,
  createReader,
  HOUR,
  lastHour,
  noon,
  panels,
  queryOf,
  type Row,
  rowsOf,
  smallMarket,
} from "./dashboard_market.ts";
import { testDatabase } from "./stack.ts";
import { insert, setClock, store, tick, tidyUp } from "./ticks.ts";

Deno.test("every panel has a title of its own, a description and words for when it is empty", () => {
  for (const { title, description, fieldConfig } of panels) {
    assert.ok(title);
    assert.ok(description, title);
    assert.ok(fieldConfig.defaults.noValue, title);
  }
  assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
});

Deno.test("every panel's query runs on an empty database, over five minutes and over a month", async () => {
  await using database = await testDatabase();
  await createReader(database.sql);
  for (const hours of [1 / 12, 720]) {
    for (const symbol of [[], ["BTCUSDT"]]) {
      const variables = { ...lastHour.variables, symbol };
      const view = { ...lastHour, from: new Date(noon - hours * HOUR), variables };
      for (const { title, targets } of panels) {
        for (const target of targets) assert.deepEqual(await rowsOf(database.sql, target, view), [], title);
      }
    }
  }
});

Deno.test("every panel's rows have the shape that its type needs, by the second and by the minute", async () => {
  await using database = await testDatabase();
  await smallMarket(database.sql);
  for (const hours of [1, 6, 24]) {
    const view = { ...lastHour, from: new Date(noon - hours * HOUR) };
    for (const panel of panels) {
      const symbol = panel.title.startsWith("$symbol") ? ["BTCUSDT"] : view.variables.symbol;
      const names = new Set<string>();
      for (const target of panel.targets) {
        const variables = { ...view.variables, symbol };
        const rows = await rowsOf(database.sql, target, { ...view, variables });
        assert.ok(rows.length > 0, panel.title);
        if (target.format === "time_series") assertSeries(rows, panel.title);
        Object.keys(rows[0]).forEach((name) => names.add(name));
      }
      for (const { matcher } of panel.fieldConfig.overrides) {
        assert.ok(names.has(matcher.options), matcher.options);
      }
    }
  }
});

/** Grafana turns rows into series if their times ascend, and each time is there once, for each metric if there is one. */
function assertSeries(rows: Row[], title: string): void {
  const { time: _, metric, ...numbers } = rows[0];
  assert.equal(metric === undefined || Object.keys(numbers).length === 1, true, title);
  const seen = new Set<string>();
  let before = -Infinity;
  for (const { time, metric, ...numbers } of rows) {
    const ms = (time as Date).getTime();
    assert.ok(ms >= before, title);
    before = ms;
    const key = `${ms} ${metric}`;
    assert.equal(seen.has(key), false, title);
    seen.add(key);
    for (const number of Object.values(numbers)) assert.ok(Number.isFinite(Number(number)), title);
  }
}

Deno.test("the numbers of every panel are those of a case computed by hand", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await smallMarket(sql);
  const rows = async (title: string, refId?: string, view: View = lastHour) => {
    const round = (value: unknown) =>
      typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)
        ? Math.round(Number(value) * 1e6) / 1e6
        : value instanceof Date
        ? value.toISOString().slice(11, 19)
        : value;
    const found = await rowsOf(sql, queryOf(title, refId), view);
    // Of a series' intervals only those that hold something.
    const isEmpty = ({ metric, time: _, ...values }: Row) =>
      metric !== undefined && Object.values(values).every((value) => value === null || value === "0");
    return found.filter((row) => !isEmpty(row)).map((row) => Object.values(row).map(round));
  };
  const only = (symbol: string) => ({ ...lastHour, variables: { symbol, interval: "1h" } });

  assert.deepEqual(await rows("Symbols"), [
    // 120 against 80 an hour and 50 a day before; 58 + 1 + 1 minutes of 100; a spread of 1 at 109.5.
    ["BTCUSDT", 120, 50, 140, 5900, 91.324201],
    ["ETHUSDT", 10, null, null, 100, 0],
  ]);
  assert.deepEqual(await rows("Returns"), [
    ["11:58:00", "BTCUSDT", 0],
    ["11:59:00", "BTCUSDT", 10],
    ["11:59:00", "ETHUSDT", 0],
  ]);
  assert.deepEqual(await rows("$symbol, candles of $interval", "A", only("BTCUSDT")), [
    ["11:00:00", 99, 122, 97, 120, 29],
  ]);
  assert.deepEqual(await rows("$symbol, best bid and ask", "A", only("BTCUSDT")), [
    ["11:58:00", 99, 101, 100],
    ["11:59:00", 109.5, 110.5, 110],
  ]);
  assert.deepEqual(await rows("Spread", "A", only("BTCUSDT")), [
    // Spreads of 1 and 2 at a mid price of 100.
    ["11:58:00", "BTCUSDT", 150],
    ["11:59:00", "BTCUSDT", 90.909091],
  ]);
  assert.deepEqual(await rows("Imbalance"), [
    ["11:58:00", "BTCUSDT", 0.25],
    ["11:59:00", "BTCUSDT", -0.5],
  ]);
  assert.deepEqual(await rows("Quotes a second", "A", only("BTCUSDT")), [
    ["11:58:00", "BTCUSDT", 0.2],
    ["11:59:00", "BTCUSDT", 0.1],
  ]);
  assert.deepEqual(await rows("Delay, exchange → received", "A", only("ETHUSDT")), [[
    "11:59:00",
    "ETHUSDT",
    30,
  ]]);
  assert.deepEqual(await rows("Delay, exchange → received", "B", only("ETHUSDT")), [["11:59:00", 30]]);
  assert.deepEqual(await rows("Candles missing"), [
    ["BTCUSDT", 2, 1, "11:30:00"],
    ["ETHUSDT", 0, 0, null],
  ]);
  assert.deepEqual(await rows("Coverage"), [
    // 54 minutes less 2 s: what was repaired is not missing, nor is what came before the first coverage.
    ["kline", "ETHUSDT", "11:54:00", 89.944444, 2],
    // Half an hour: the gap of an hour earlier began before the first coverage.
    ["book", "BTCUSDT", null, 50, 1],
  ]);
  const gaps = (await rows("Gaps")).map((
    [from, to, length, ...rest],
  ) => [from, to, to === null ? Number(length) > 360 : length, ...rest]);
  assert.deepEqual(gaps, [
    ["11:54:00", null, true, "open", "kline", "ethusdt@kline_1m", "no heartbeat", null],
    ["11:40:00", "11:50:00", 600, "repaired", "kline", "ethusdt@kline_1m", "mute", null],
    ["11:30:00", "11:30:02", 2, "unrepaired", "kline", "ethusdt@kline_1m", "buffer overflow", 12],
    ["11:15:00", "11:45:00", 1800, "unknown", "book", "btcusdt@bookTicker", "mute", null],
    ["09:00:00", "11:00:05", 7205, "lost", "book", "btcusdt@bookTicker", "lost connection", null],
  ]);
});

Deno.test("a line breaks where a symbol has no rows, and the rate falls to 0, but is not cut by the range's ends", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const at = (second: number) => new Date(noon - HOUR + second * 1_000).toISOString();
  await store(sql, [5, 15, 16, 45].map((second) => tick(at(second), { symbol: "BTCUSDT" })));
  await store(sql, [25].map((second) => tick(at(second), { symbol: "ETHUSDT" })));
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  const view = { ...lastHour, from: new Date(noon - HOUR + 3_000), to: new Date(noon + 3_000) };
  const values = async (title: string, name: string) => {
    const rows = await rowsOf(sql, queryOf(title), view);
    return rows.filter(({ metric }) => metric === "BTCUSDT").map((row) => row[name] && Number(row[name]));
  };
  assert.deepEqual(await values("Spread", "spread").then((all) => all.map((one) => one === null)), [
    ...[false, false, true, true, false],
  ]);
  assert.deepEqual(await values("Quotes a second", "rate"), [0.2, 0, 0, 0.1]);
});

Deno.test("ages count from now, and are empty if a stream has nothing in the range", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const [{ now }] = await sql`select now()`;
  await candle(sql, "BTCUSDT", new Date(now.getTime() - 90_000).toISOString(), 100);
  const ticks = [tick(now.getTime() - 5_000, { symbol: "ETHUSDT" })];
  await store(sql, ticks);
  await sql`select websocket.refresh_rollup('order_book_data', '0')`;
  const view = { ...lastHour, from: new Date(now.getTime() - HOUR), to: now };
  const [eth, btc] = (await rowsOf(sql, queryOf("Age of the newest row"), view)).sort((a, b) =>
    String(b.Symbol).localeCompare(String(a.Symbol))
  );
  assert.equal(btc.Quotes, null);
  assert.ok(Number(btc.Candles) >= 30 && Number(btc.Candles) < 60, `${btc.Candles}`);
  assert.equal(eth.Candles, null);
  assert.ok(Number(eth.Quotes) >= 5 && Number(eth.Quotes) < 30, `${eth.Quotes}`);
});

Deno.test("candles of a day begin at midnight UTC, whatever time zone the viewer's session has", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await smallMarket(sql);
  const view = { ...lastHour, variables: { symbol: "BTCUSDT", interval: "1d" } };
  const query = queryOf("$symbol, candles of $interval");
  const utc = await rowsOf(sql, query, view);
  assert.equal((utc[0].time as Date).toISOString(), "2024-08-08T00:00:00.000Z");
  assert.deepEqual(await rowsOf(sql, query, view, "Asia/Kolkata"), utc);
});

Deno.test("the variable lists every symbol that any stream has, and Grafana's role can't write", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await smallMarket(sql);
  await candle(sql, "1INCHUSDT", "2024-08-08T11:59:00Z", 1);
  const [variable] = dashboard().templating.list!;
  const listed = await sql.unsafe(variable.query as string);
  assert.deepEqual(listed.map(({ symbol }) => symbol), ["1INCHUSDT", "BTCUSDT", "ETHUSDT"]);
  await assert.rejects(
    sql.begin(async (transaction) => {
      await transaction`set local role grafana_reader`;
      await insert(transaction, [tick(noon)]);
    }),
    { code: "42501" },
  );
});

Deno.test("the market's panel locks only the days of the rollup that it reads, however many days there are", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  for (const day of [1, 3, 5, 7]) {
    await setClock(sql, noon - day * 24 * HOUR);
    await tidyUp(sql);
  }
  const quote = /from websocket.order_book_1m[^]*?limit 1/.exec(queryOf("Symbols").rawSql)![0]
    .replace("symbols.symbol", "'BTCUSDT'");
  await sql.begin(async (transaction) => {
    await transaction.unsafe(`select mean_spread, bid_price ${expand(quote, lastHour)}`);
    const locked = await transaction`
      select relname from pg_locks join pg_class on pg_class.oid = relation
      where pid = pg_backend_pid() and relispartition and relkind = 'r' order by relname`;
    assert.deepEqual(locked.map(({ relname }) => relname), ["order_book_1m_20240808"]);
  });
});
