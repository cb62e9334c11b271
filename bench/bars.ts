import type { Sql } from "../shared/postgres/mod.ts";
import type { Options, Progress, Result } from "./benchmark.ts";
import { startDatabase } from "./database.ts";
import { measured } from "./statistics.ts";
import { spread, table } from "./table.ts";

const DAYS = 365;
const SYMBOLS = 3;
/** What is asked for: the width, over so many of the newest days. */
const questions = [["1 hour", DAYS], ["1 day", DAYS], ["1 minute", 30], ["1 second", 1]] as const;

/** How long `websocket.bars` takes on a year of bars of a minute, each minute traded, of three symbols, and a day of bars of a second. */
export async function run(progress: Progress, { runs }: Options): Promise<Result> {
  await using database = await startDatabase(progress);
  const end = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000);
  const writer = database.connect();
  await fillBars(writer, end, progress);
  await writer.end();

  const results: { name: string; seconds: ReturnType<typeof measured> }[] = [];
  for (const [width, days] of questions) {
    const seconds: number[] = [];
    for (let run = 0; run < runs; run++) {
      // A new connection each time, as a viewer's may be: the plan and the catalog are not in its memory.
      const sql = database.connect();
      const since = new Date(end.getTime() - days * 86_400_000);
      const started = performance.now();
      const bars =
        await sql`select * from websocket.bars('BTCUSDT', ${width}::text::interval, ${since}, ${end})`;
      seconds.push((performance.now() - started) / 1_000);
      await sql.end();
      const expected = days * 86_400 /
        { "1 hour": 3_600, "1 day": 86_400, "1 minute": 60, "1 second": 1 }[width];
      if (bars.length !== expected) {
        throw new Error(`Cannot count ${bars.length} bars as there must be ${expected}`);
      }
    }
    const name = `${width}, ${days} ${days === 1 ? "day" : "days"}`;
    progress(`bars of ${name}`);
    results.push({ name, seconds: measured(seconds) });
  }
  return {
    lines: table(["websocket.bars, s", ""], results.map(({ name, seconds }) => [name, spread(seconds)])),
    json: { bars: Object.fromEntries(results.map(({ name, seconds }) => [name, seconds.median])) },
  };
}

/** Fills the tables of bars, day by day, as the rollup would. */
async function fillBars(sql: Sql, end: Date, progress: Progress): Promise<void> {
  const fill = (table: string, column: string, day: Date, step: string) =>
    sql`
      insert into websocket.${sql(table)} (symbol, ${
      sql(column)
    }, num_trades, open, high, low, close, volume, quote_volume,
        taker_buy_base_volume, taker_buy_quote_volume)
      select case nth when 0 then 'BTCUSDT' else 'SYMBOL' || nth end, at, 40, 61800.20 + nth, 61811.90 + nth, 61790.10 + nth,
        61805.40 + nth, 196.112, 12120132.41840, 103.638, 6404690.00200
      from generate_series(0, ${SYMBOLS - 1}) as nth,
        generate_series(${day}::timestamptz, ${day}::timestamptz + interval '1 day' - ${step}::text::interval, ${step}::text::interval) as at`;
  for (let ago = DAYS; ago > 0; ago--) {
    const day = new Date(end.getTime() - ago * 86_400_000);
    const date = day.toISOString().slice(0, 10);
    await sql`select websocket.make_day('trade_1m', 'minute', ${date}), websocket.attach_day('trade_1m', 'trade_1m', ${date})`;
    await fill("trade_1m", "minute", day, "1 minute");
    if (ago % 50 === 0) progress(`${DAYS - ago} of ${DAYS} days`);
  }
  await fill("trade_1s", "second", new Date(end.getTime() - 86_400_000), "1 second");
  await sql`vacuum analyze`;
}
