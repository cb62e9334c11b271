import assert from "node:assert/strict";
import { dashboard } from "../grafana/dashboard.ts";
import { expand, type View } from "../grafana/macros.ts";
import { usualColours } from "../grafana/colours.ts";
import { noSymbols } from "../grafana/query.ts";
import {
  annotation,
  candle,
  chosen,
  createReader,
  HOUR,
  lastHour,
  noon,
  panels,
  queryOf,
  type Row,
  rowsOf,
  smallMarket,
  variablesOf,
} from "./dashboard_market.ts";
import { testDatabase } from "./stack.ts";
import { insert, setClock, store, tick, tidyUp } from "./ticks.ts";

Deno.test("every panel has a title of its own and a description", () => {
  for (const { title, description } of panels) {
    assert.ok(title);
    assert.ok(description, title);
  }
  assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
});

Deno.test("every panel's query runs on an empty database, over five minutes and over a month, whether a symbol is chosen or none", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  for (const hours of [1 / 12, 720]) {
    for (const symbols of [[], [noSymbols], ["BTCUSDT"]]) {
      const view = { ...lastHour, from: new Date(noon - hours * HOUR), variables: chosen(symbols) };
      for (const { title, type, targets } of panels) {
        for (const target of targets) {
          const rows = await rowsOf(sql, target, view);
          // A stat may have a row that says that nothing is there.
          if (type !== "stat") assert.deepEqual(rows, [], title);
        }
      }
      assert.deepEqual(await rowsOf(sql, annotation, view), []);
    }
  }
});

Deno.test("the lists of symbols are never empty, since Grafana 9.4 reports an error then", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await createReader(sql);
  const [symbol, , largest] = dashboard().templating.list!.map(({ query }) => query as string);
  assert.deepEqual([...await sql.unsafe(symbol)], [{ symbol: noSymbols }]);
  const view = { ...lastHour, variables: { symbol: [noSymbols] } };
  assert.deepEqual([...await sql.unsafe(expand(largest, view))], [{ symbol: noSymbols }]);
});

Deno.test("every panel's rows have the shape that its type needs, by the second and by the minute", async () => {
  await using database = await testDatabase();
  await smallMarket(database.sql);
  for (const hours of [1, 6, 24]) {
    const view = { ...lastHour, from: new Date(noon - hours * HOUR) };
    for (const panel of panels) {
      const names = new Set<string>();
      for (const target of panel.targets) {
        const rows = await rowsOf(database.sql, target, { ...view, variables: variablesOf(panel, view) });
        assert.ok(rows.length > 0, panel.title);
        if (target.format === "time_series") assertSeries(rows, panel.title);
        Object.keys(rows[0]).forEach((name) => names.add(name));
      }
      const { overrides } = panel.fieldConfig;
      const styled = overrides.filter(({ matcher }) => matcher.id === "byName").map(({ matcher }) =>
        matcher.options
      );
      for (const name of styled) {
        assert.ok(names.has(name) || name in usualColours, `${panel.title}: ${name}`);
      }
      if (panel.type === "table") assert.deepEqual(styled.toSorted(), [...names].toSorted(), panel.title);
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
    const values = found.filter((row) => !isEmpty(row)).map((row) => Object.values(row).map(round));
    // Of intervals of a symbol with the same value only the first.
    const isChange = (row: unknown[], place: number) =>
      found[0].metric === undefined ||
      values.slice(0, place).findLast((before) => before[1] === row[1])?.[2] !== row[2];
    return values.filter(isChange);
  };
  const only = (symbol: string) => ({ ...lastHour, variables: chosen([symbol], "1h") });

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
  assert.deepEqual(await rows("$largest, candles of $interval", "A", only("BTCUSDT")), [
    ["11:00:00", 99, 122, 97, 120],
  ]);
  assert.deepEqual(await rows("$largest, volume by taker side"), [
    ["11:57:00", 6, -4, 2],
    ["11:59:00", 0, -5, -3],
  ]);
  assert.deepEqual(await rows("Trades a second", "A", only("BTCUSDT")), [
    ["11:57:00", "BTCUSDT", 3],
    ["11:59:00", "BTCUSDT", 6],
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
  const view = { ...lastHour, variables: chosen(["BTCUSDT"], "1d") };
  const query = queryOf("$largest, candles of $interval");
  const utc = await rowsOf(sql, query, view);
  assert.equal((utc[0].time as Date).toISOString(), "2024-08-08T00:00:00.000Z");
  assert.deepEqual(await rowsOf(sql, query, view, "Asia/Kolkata"), utc);
});

Deno.test("the variable lists every symbol that any stream has, those of the greatest volume first, and Grafana's role can't write", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await smallMarket(sql);
  for (const minute of [58, 59]) await candle(sql, "1INCHUSDT", `2024-08-08T11:${minute}:00Z`, 1);
  await candle(sql, "ZECUSDT", "2024-08-08T11:59:00Z", 1);
  const [variable] = dashboard().templating.list!;
  const listed = await sql.unsafe(variable.query as string);
  assert.deepEqual(listed.map(({ symbol }) => symbol), ["BTCUSDT", "1INCHUSDT", "ETHUSDT", "ZECUSDT"]);
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
