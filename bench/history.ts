import { readTasks, root, taskArguments } from "../local/up/tasks.ts";
import { sleep } from "../shared/wait.ts";
import { kline } from "../shared/streams/kline.ts";
import { trade } from "../shared/streams/trade.ts";
import { candlesOf, startBenchArchive, tradesOf } from "./archive.ts";
import type { Options, Progress, Result } from "./benchmark.ts";
import { startDatabase } from "./database.ts";
import { memoryOf } from "./process.ts";
import { measured } from "./statistics.ts";
import { spread, table } from "./table.ts";

const symbols = Array.from({ length: 10 }, (_, n) => `BENCH${n}USDT`);
const YEAR = { since: Date.UTC(2025, 0), until: Date.UTC(2026, 0) };
const CANDLES = symbols.length * (YEAR.until - YEAR.since) / 60_000;
const DAY = { since: Date.UTC(2025, 0, 1), until: Date.UTC(2025, 0, 2) };
/** A busy day of BTCUSDT has so many aggregated trades. */
const TRADES_A_DAY = 1_500_000;
const TRADE_SYMBOLS = symbols.slice(0, 2);

/** How fast `deno task history` imports a year of candles, and a day of trades, from a local archive into an empty database. */
export async function run(progress: Progress, { runs }: Options): Promise<Result> {
  await using archive = startBenchArchive();
  progress("making the archive's files");
  archive.add(kline.archive!, symbols, "1m", YEAR, candlesOf);
  archive.add(trade.archive!, TRADE_SYMBOLS, "", DAY, tradesOf(TRADES_A_DAY));
  const cases = [
    {
      name: "candles",
      rows: CANDLES,
      table: "kline_data",
      words: `--from 2025-01-01 --to 2025-12-31 --symbols ${symbols} --intervals 1m`,
    },
    {
      name: "trades",
      rows: TRADE_SYMBOLS.length * TRADES_A_DAY,
      table: "trade_data",
      words: `--from 2025-01-01 --to 2025-01-01 --symbols ${TRADE_SYMBOLS} --streams trade`,
    },
  ];
  const lines: string[][] = [];
  const json: Record<string, unknown> = {};
  for (const { name, rows, table, words } of cases) {
    const all: Measurement[] = [];
    for (let run = 1; run <= runs; run++) {
      progress(`${name}, run ${run} of ${runs}`);
      all.push(await importOnce(words, archive.url, table, rows, progress));
    }
    const of = (field: keyof Measurement) => measured(all.map((one) => one[field]));
    lines.push(
      [`${rows.toLocaleString("en")} ${name}: s until they are stored`, spread(of("stored"))],
      ["  rows/s", spread(measured(all.map(({ stored }) => rows / stored)))],
      ["  s until the command ends", spread(of("whole"))],
      ["  s of a second run", spread(of("again"))],
      ["  memory, MB", spread(of("memory"))],
    );
    json[name] = {
      rows_per_s: Math.round(rows / of("stored").median),
      ...Object.fromEntries(
        (["stored", "whole", "again", "memory"] as const).map((field) => [field, of(field).median]),
      ),
    };
  }
  return { lines: table(["deno task history, from a local archive", ""], lines), json: { history: json } };
}

interface Measurement {
  /** Seconds until all rows are in the table, and until the command, which also computes bars of trades, ends. */
  readonly stored: number;
  readonly whole: number;
  /** Seconds of a second run, which has nothing to import. */
  readonly again: number;
  /** The greatest resident memory, in MB. */
  readonly memory: number;
}

/** @throws {Error} if the command fails, or the table has not the rows */
async function importOnce(
  words: string,
  archive: string,
  table: string,
  rows: number,
  progress: Progress,
): Promise<Measurement> {
  await using database = await startDatabase(progress);
  const sql = database.connect();
  try {
    await sql`update websocket.retention set keep = null`;
    const start = async () => {
      const child = new Deno.Command(Deno.execPath(), {
        args: [...taskArguments(await readTasks(), "history"), ...words.split(" ")],
        cwd: root,
        env: { DB_URL: database.url(), BINANCE_ARCHIVE_URL: archive, NO_COLOR: "1" },
        stdout: "null",
      }).spawn();
      return child;
    };
    const files = rows / (table === "kline_data" ? CANDLES / (12 * symbols.length) : TRADES_A_DAY);
    const startedAt = performance.now();
    const since = () => (performance.now() - startedAt) / 1_000;
    const child = await start();
    let memory = 0;
    let stored: number | undefined;
    let isOver = false;
    const ended = child.status.finally(() => isOver = true);
    while (!isOver) {
      // A process that has ended has no memory.
      memory = Math.max(memory, await memoryOf(child.pid).then(({ highest }) => highest || 0, () => 0));
      const [{ count }] = await sql`select count(*)::int from websocket.archive_files`;
      if (count >= Math.round(files)) stored ??= since();
      await sleep(100);
    }
    const whole = since();
    if (!(await ended).success) throw new Error("Cannot count an import that failed");
    const [{ count }] = await sql`select count(*)::float8 as count from websocket.${sql(table)}`;
    if (count !== rows) throw new Error(`Cannot count ${count} rows as there must be ${rows}`);
    const againAt = performance.now();
    await (await start()).status;
    return { stored: stored ?? whole, whole, again: (performance.now() - againAt) / 1_000, memory };
  } finally {
    await sql.end();
  }
}
