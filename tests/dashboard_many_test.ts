import assert from "node:assert/strict";
import { dashboard } from "../grafana/dashboard.ts";
import { expand, type View } from "../grafana/macros.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import {
  annotation,
  createReader,
  HOUR,
  lastHour,
  noon,
  panels,
  queryOf,
  rowsOf,
  variablesOf,
} from "./dashboard_market.ts";
import { testDatabase } from "./stack.ts";

const SYMBOLS = 800;
/** Minutes with candles, and the last of them with rows by the second. */
const MINUTES = 60;
const SECONDS = 120;

/** Fills the tables as if so many symbols were read: candles, both rollups, coverage, and an incident of all feeds. */
async function manySymbols(sql: Sql): Promise<void> {
  await createReader(sql);
  const end = new Date(noon).toISOString();
  const symbols =
    `(select 'S' || lpad(n::text, 3, '0') || 'USDT' as symbol, n from generate_series(1, ${SYMBOLS}) as n) as symbols`;
  const times = (count: number, unit: string) =>
    `generate_series(timestamptz '${end}' - interval '${count} ${unit}', timestamptz '${end}' - interval '1 ${unit}', '1 ${unit}') as at`;
  await sql.unsafe(`
    insert into websocket.kline_data
    select symbol, '1m', at, at + interval '59.999 s', n, n + 2, n - 0.5, n + 1, 5, n * 5, 2, n * 2, 7, 1, 7, true, at + interval '1 minute',
      at + interval '1 minute'
    from ${symbols}, ${times(MINUTES, "minute")}`);
  for (
    const [suffix, column, span] of [["1s", "second", times(SECONDS, "second")], [
      "1m",
      "minute",
      times(MINUTES, "minute"),
    ]]
  ) {
    await sql.unsafe(`
      insert into websocket.trade_${suffix} (symbol, ${column}, num_trades, open, high, low, close, volume, quote_volume, taker_buy_base_volume,
        taker_buy_quote_volume)
      select symbol, at, 3, n, n, n, n, 5, n * 5, 2, n * 2 from ${symbols}, ${span}`);
    await sql.unsafe(`
      insert into websocket.order_book_${suffix} (symbol, ${column}, ticks, bid_price, bid_qty, ask_price, ask_qty, min_spread, max_spread, mean_spread, mean_imbalance,
        mean_delay, max_delay)
      select symbol, at, 4, n, 1, n + 1, 1, 1, 1, 1, 0.5, interval '20 ms', interval '30 ms' from ${symbols}, ${span}`);
  }
  for (const stream of ["book", "kline", "trade"]) {
    await sql.unsafe(`
      insert into websocket.coverage_data (session, producer, stream, feed, symbol, covered_from, covered_to, reason, version)
      select '${stream}', 's', '${stream}', lower(symbol) || '@${stream}', symbol, at, timestamptz '${end}', 'stopped', 1
      from ${symbols}, (select timestamptz '${end}' - interval '50 minutes' as at) as since`);
    await sql.unsafe(`
      insert into websocket.gap_data (stream, feed, symbol, started_at, ended_at, reason, state)
      select '${stream}', lower(symbol) || '@${stream}', symbol, at, at + interval '20 s', 'lost connection', 'lost'
      from ${symbols}, (select timestamptz '${end}' - interval '100 s' as at) as since`);
  }
  await sql.unsafe(`
    insert into websocket.audit_days (symbol, interval, day, expected, present, judged, equal_exchange, equal_trades, edge, differs, repaired,
      absent, judged_exchange, judged_trades, in_gap, without_trades, waiting, counted_at)
    select symbol, '1m', day, 1440, 1440, 1440, 0, 1440, 0, 0, 0, 0, 0, 1440, 0, 0, 0, now()
    from ${symbols}, generate_series(date '2024-08-01', date '2024-08-08', '1 day') as day`);
  await sql`analyze`;
}

Deno.test("of 800 symbols, all of them chosen, each panel is drawn in time, with lines that can be told apart, and one incident is told once", async () => {
  await using database = await testDatabase();
  const { sql } = database;
  await manySymbols(sql);
  const [symbolList, , largestList] = dashboard().templating.list!.map(({ query }) => query as string);
  const list = async (text: string, symbol: string[] = []) =>
    (await sql.unsafe(expand(text, { ...lastHour, variables: { symbol } }))).map((row) => row.symbol);
  const symbol = await list(symbolList);
  assert.equal(symbol.length, SYMBOLS);
  assert.equal(symbol[0], "S800USDT");
  const largest = await list(largestList, symbol);
  assert.deepEqual(largest, symbol.slice(0, 12));

  for (const hours of [1, 24]) {
    const view: View = {
      ...lastHour,
      from: new Date(noon - hours * HOUR),
      variables: { symbol, largest, interval: "1m" },
    };
    for (const panel of panels) {
      for (const target of panel.targets) {
        // The role's own limit, of 5 s here, ends a query that takes longer.
        const rows = await rowsOf(sql, target, { ...view, variables: variablesOf(panel, view) });
        const metrics = new Set(rows.map(({ metric }) => metric));
        assert.ok(metrics.size <= 20, panel.title);
        if (metrics.size > 1) assert.ok(metrics.has("S800USDT"), panel.title);
      }
    }
    const [incident, ...more] = await rowsOf(sql, queryOf("Gaps"), view);
    assert.deepEqual([incident.Streams, incident.Symbols, more.length], [
      "book, kline, trade",
      "800 symbols",
      0,
    ]);
    assert.equal((await rowsOf(sql, annotation, view)).length, 1);
  }
  assert.equal((await rowsOf(sql, queryOf("Symbols"), lastHour)).length, SYMBOLS);
  assert.equal((await rowsOf(sql, queryOf("Coverage"), lastHour)).length, SYMBOLS);
});
