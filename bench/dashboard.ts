import { readPanels } from "../grafana/json.ts";
import { expand, intervalMs, intervalText, type View } from "../grafana/macros.ts";
import type { Sql } from "../shared/postgres/mod.ts";
import { type BenchDatabase, startDatabase } from "./database.ts";
import type { Progress, Result } from "./benchmark.ts";
import { fillCandles, fillTicks } from "./market.ts";
import { percentile } from "./statistics.ts";
import { table } from "./table.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TICKS_AN_HOUR = 833_334;
const ROUNDS = 20;
/** What viewers look at, in hours. */
const ranges = [1, 6, 24];

interface Measure {
  readonly title: string;
  readonly range: string;
  readonly p95_ms: number;
}

/**
 * How long each panel's queries take on 20 million ticks over 24 hours and 30 days of candles, of ten symbols, all of them
 * chosen. The server is restarted before each range, and each round has a new connection: nothing is warm that would
 * not be so for a viewer. Panels with two queries count their sum.
 */
export async function run(progress: Progress): Promise<Result> {
  await using database = await startDatabase(progress);
  const end = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  const sql = database.connect();
  await fillMarket(sql, end, progress);
  await sql.end();

  const panels: Measure[] = [];
  for (const hours of ranges) panels.push(...await measure(database, end, hours, progress));
  const titles = [...new Set(panels.map(({ title }) => title))];
  const rows = titles.map((title) => [
    title,
    ...panels.filter((panel) => panel.title === title).map(({ p95_ms }) => p95_ms.toFixed(1)),
  ]);
  return {
    lines: table(["panel, p95 in ms", ...ranges.map((hours) => `${hours}h`)], rows),
    json: { panels },
  };
}

async function fillMarket(sql: Sql, end: Date, progress: Progress): Promise<void> {
  const dayAgo = new Date(end.getTime() - DAY);
  await fillCandles(sql, new Date(end.getTime() - 30 * DAY), end);
  progress("30 days of candles");
  await fillTicks(sql, dayAgo, 24, TICKS_AN_HOUR, progress);
  await sql`
    insert into websocket.stale_seconds (second)
    select generate_series(${dayAgo}::timestamptz, ${end}::timestamptz, '1 second')`;
  progress("the rollup of the day");
  for (let refreshed = 1; refreshed > 0;) {
    [{ refreshed }] = await sql`select websocket.refresh_rollup('order_book_data', '0') as refreshed`;
  }
}

async function measure(
  database: BenchDatabase,
  end: Date,
  hours: number,
  progress: Progress,
): Promise<Measure[]> {
  await database.restart();
  const panels = await readPanels();
  const times = new Map<string, number[]>(panels.map(({ title }) => [title, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const sql = database.connect();
    const symbols = (await sql`select symbol from websocket.symbols`).map(({ symbol }) => symbol);
    for (const { title, repeat, maxDataPoints, targets } of panels) {
      const from = new Date(end.getTime() - hours * HOUR);
      // A repeated panel is of one symbol; candles are of a minute, or as wide as leaves 200 of them.
      const largest = repeat ? symbols.slice(0, 1) : symbols;
      const interval = intervalText(Math.max(60_000, intervalMs({ from, to: end, points: 200 })));
      const view: View = {
        from,
        to: end,
        points: maxDataPoints,
        variables: { symbol: symbols, largest, interval },
      };
      const started = performance.now();
      for (const { rawSql } of targets) await sql.unsafe(expand(rawSql, view));
      times.get(title)!.push(performance.now() - started);
    }
    await sql.end();
  }
  progress(`${hours} h measured`);
  return [...times].map(([title, ms]) => ({
    title,
    range: `${hours}h`,
    p95_ms: Math.round(10 * percentile(ms.toSorted((a, b) => a - b), 0.95)) / 10,
  }));
}
